// The options of streams: each becomes the property that it is about, and none that was not named.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { describeStreamOptions, streamConfigOf } from './stream-options.ts'
import type { StreamOptions } from './stream-options.ts'

function configOf(line: string): object {
  const command = describeStreamOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  command.parse(line === '' ? [] : line.split(' '), { from: 'user' })
  return streamConfigOf(command.opts<StreamOptions>())
}

test('what is not named is not in it', () => {
  assert.deepEqual(configOf(''), {})
})

for (const [line, config] of [
  ['--subject a.> --subject b.>', { subjects: ['a.>', 'b.>'] }],
  ['--max-age 2h --max-bytes 1GiB', { maxAgeMs: 7_200_000, maxBytes: 1024 ** 3 }],
  ['--cleanup-policy compact,delete', { cleanupPolicy: 'compact,delete' }],
  ['--segment-bytes 1MiB --segment-age 1h', { segmentBytes: 1024 ** 2, segmentMs: 3_600_000 }],
  [
    '--min-compaction-lag 1s --max-compaction-lag 1m',
    { minCompactionLagMs: 1000, maxCompactionLagMs: 60_000 },
  ],
  [
    '--min-cleanable-dirty-ratio 0.25 --delete-retention 0',
    { minCleanableDirtyRatio: 0.25, deleteRetentionMs: 0 },
  ],
  ['--compression-type zstd', { compressionType: 'zstd' }],
  ['--timestamp-type append', { timestampType: 'append' }],
  ['--timestamp-before-max 1d', { timestampBeforeMaxMs: 86_400_000 }],
  ['--timestamp-after-max 1h', { timestampAfterMaxMs: 3_600_000 }],
] as const) {
  test(line, () => {
    assert.deepEqual(configOf(line), config)
  })
}

for (const line of [
  '--cleanup-policy never',
  '--min-cleanable-dirty-ratio 1.5',
  '--min-cleanable-dirty-ratio x',
  '--segment-bytes 3GiB',
  '--timestamp-type now',
  '--compression-type uncompressed',
]) {
  test(`${line} is refused`, () => {
    assert.throws(() => configOf(line), /invalid/)
  })
}
