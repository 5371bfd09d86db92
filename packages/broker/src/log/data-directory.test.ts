// The folder of a broker: whose it is, who holds it, how it was left.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import { IoError } from '../io/io.ts'
import type { FileSystem } from '../io/io.ts'
import { realIo } from '../io/real-io.ts'
import { simulate } from '../testing/sim-io.ts'
import { DataDirectory } from './data-directory.ts'
import { bound, memoryIo, putFile, snapshotOf } from './log.fixture.ts'

function codeIs(code: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === code
}

test('it remembers a clean end, once', async () => {
  const io = memoryIo()
  const endings: boolean[] = []
  for (const isClean of [true, false, true, true]) {
    const directory = await DataDirectory.open(io, '/data')
    endings.push(directory.wasClosedCleanly)
    await directory.close(isClean)
  }
  assert.deepEqual(endings, [false, true, false, true])
})

test('a start that is refused direct I/O changes nothing', async () => {
  const io = memoryIo()
  await (await DataDirectory.open(io, '/data')).close(true)
  const before = await snapshotOf(io.files, '/data')
  const open: FileSystem['open'] = (path, options) =>
    options.direct === true
      ? Promise.reject(new IoError('unsupported', path, 'no direct I/O here'))
      : io.files.open(path, options)
  const files: FileSystem = { ...bound(io.files), open }
  await assert.rejects(DataDirectory.open({ ...io, files }, '/data', { directIo: 'on' }), (error) => {
    assert.ok(codeIs('direct-io-refused')(error))
    assert.match((error as Error).message, /directIo is on, but no direct I\/O here/)
    return true
  })
  assert.deepEqual(await snapshotOf(io.files, '/data'), before)
  const again = await DataDirectory.open({ ...io, files }, '/data', { directIo: 'off' })
  assert.equal(again.wasClosedCleanly, true)
  await again.close(true)
  await (await DataDirectory.open(io, '/data', { directIo: 'on' })).close(true)
  assert.deepEqual(await snapshotOf(io.files, '/data'), before)
})

test('only one holds it; on a real disk too', async () => {
  const path = await mkdtemp(join(tmpdir(), 'sluice-data-'))
  try {
    const first = await DataDirectory.open(realIo(), path)
    await assert.rejects(DataDirectory.open(realIo(), path), codeIs('data-directory-locked'))
    await first.close(true)
    const second = await DataDirectory.open(realIo(), path)
    assert.equal(second.wasClosedCleanly, true)
    await second.close(false)
  } finally {
    await rm(path, { recursive: true })
  }
})

test('the refused one changes nothing, not even the mark of a clean end', async () => {
  const io = memoryIo()
  const first = await DataDirectory.open(io, '/data')
  const before = await snapshotOf(io.files, '/data')
  await assert.rejects(DataDirectory.open(io, '/data'), codeIs('data-directory-locked'))
  assert.deepEqual(await snapshotOf(io.files, '/data'), before)
  await first.close(true)
})

test('a folder of somebody else is refused and left as it is', async () => {
  const path = await mkdtemp(join(tmpdir(), 'sluice-data-'))
  try {
    await writeFile(`${path}/thesis.txt`, 'years of work')
    const before = await snapshotOf(realIo().files, path)
    await assert.rejects(DataDirectory.open(realIo(), path), codeIs('data-directory-invalid'))
    assert.deepEqual(await snapshotOf(realIo().files, path), before)
  } finally {
    await rm(path, { recursive: true })
  }
})

test('a new file system with its lost+found is empty enough', async () => {
  const io = memoryIo()
  await io.files.makeDirectory('/data/lost+found')
  await (await DataDirectory.open(io, '/data')).close(true)
})

const formats: readonly (readonly [string, ErrorCode])[] = [
  ['{"format":2}', 'data-directory-newer'],
  ['{"format":0}', 'data-directory-invalid'],
  ['{"format":"1"}', 'data-directory-invalid'],
  ['{}', 'data-directory-invalid'],
  ['', 'data-directory-invalid'],
  ['{"format":1', 'data-directory-invalid'],
]

for (const [format, code] of formats) {
  test(`the format file ${JSON.stringify(format)}: ${code}, and the lock is free again`, async () => {
    const io = memoryIo()
    await (await DataDirectory.open(io, '/data')).close(true)
    await putFile(io.files, '/data/format', Buffer.from(format))
    for (let time = 0; time < 2; time++) await assert.rejects(DataDirectory.open(io, '/data'), codeIs(code))
    await putFile(io.files, '/data/format', Buffer.from('{"format":1}'))
    await (await DataDirectory.open(io, '/data')).close(true)
  })
}

test('a crash at any moment leaves a folder that opens, and no false clean end', async () => {
  const seen = { clean: 0, unclean: 0 }
  for (let seed = 0; seed < 150; seed++) {
    await simulate(seed, async (world) => {
      const { random } = world.scheduler
      let progress: 'opening' | 'open' | 'closing' | 'closed' = 'closed'
      let wasClean: boolean | undefined
      for (let life = 0; life < 5; life++) {
        const endedAs = life === 0 ? 'open' : progress
        progress = 'opening'
        wasClean = undefined
        const node = world.startNode('n')
        void DataDirectory.open(node, '/data').then(async (directory) => {
          progress = 'open'
          wasClean = directory.wasClosedCleanly
          await world.sleep(random.between(0, 5))
          if (!node.process.isAlive) return
          progress = 'closing'
          await directory.close(true)
          progress = 'closed'
        })
        await world.sleep(random.between(0, 40))
        world.crash('n', random.chance(0.5) ? 'kill' : 'power')
        if (wasClean === undefined) continue
        seen[wasClean ? 'clean' : 'unclean']++
        if (endedAs === 'open') assert.equal(wasClean, false, 'a clean end that never was')
        if (endedAs === 'closed') assert.equal(wasClean, true, 'a clean end that was forgotten')
      }
      const last = await DataDirectory.open(world.startNode('n'), '/data')
      await last.close(false)
    })
  }
  assert.equal(seen.clean > 50 && seen.unclean > 50, true, JSON.stringify(seen))
})

test('the mark is gone for good before anything else can change', () =>
  simulate(1, async (world) => {
    await (await DataDirectory.open(world.startNode('n'), '/data')).close(true)
    world.crash('n', 'power')
    const opened = await DataDirectory.open(world.startNode('n'), '/data')
    assert.equal(opened.wasClosedCleanly, true)
    for (let time = 0; time < 5; time++) {
      world.crash('n', 'power')
      assert.equal((await DataDirectory.open(world.startNode('n'), '/data')).wasClosedCleanly, false)
    }
  }))
