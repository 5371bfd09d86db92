// Records of groups come back as they were written, and bytes of clients never throw.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodeGroup,
  decodeGroupKey,
  decodeOffset,
  encodeGroup,
  encodeGroupKey,
  encodeOffset,
  encodeOffsetKey,
} from './group-codec.ts'
import { partitionSets } from './partition-sets.ts'
import { assignedPartitions, readSubscription } from './subscription-reader.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const bytes = fc.uint8Array({ maxLength: 60 })
const optional = fc.option(text)
const plainObjects = { noNullPrototype: true }
const count = fc.nat(2 ** 31 - 1)

const member = fc.record({
  memberId: text,
  instanceId: optional,
  clientId: text,
  clientHost: text,
  sessionTimeoutMs: count,
  rebalanceTimeoutMs: count,
  protocols: fc.array(fc.record({ name: text, metadata: bytes }), { maxLength: 4 }),
  assignment: bytes,
})

const group = fc.record({
  kind: fc.constant('classic' as const),
  generation: count,
  emptySinceMs: fc.option(fc.maxSafeNat(), { nil: undefined }),
  protocolType: optional,
  protocolName: optional,
  leaderId: optional,
  members: fc.array(member, { maxLength: 5 }),
})

const streamId = fc.integer({ min: 1, max: 2 ** 40 })
const partitions = fc.uniqueArray(fc.nat(5000), { minLength: 1, maxLength: 6 })
const sets = fc
  .uniqueArray(fc.tuple(streamId, partitions), { selector: ([id]) => id, maxLength: 3 })
  .map((rows) => partitionSets(rows))

const consumer = fc.record({
  memberId: text,
  instanceId: optional,
  rackId: optional,
  assignor: optional,
  clientId: text,
  clientHost: text,
  rebalanceTimeoutMs: count,
  topics: fc.array(text, { maxLength: 3 }),
  pattern: text,
  classic: fc.option(
    fc.record({
      sessionTimeoutMs: count,
      protocols: fc.array(fc.record({ name: text, metadata: bytes }), { maxLength: 2 }),
    }),
  ),
  epoch: fc.integer({ min: -2, max: 2 ** 31 - 1 }),
  previousEpoch: fc.integer({ min: -2, max: 2 ** 31 - 1 }),
  assigned: sets,
  revoking: sets,
  target: sets,
})

const consumerGroup = fc.record({
  kind: fc.constant('consumer' as const),
  epoch: count,
  assignmentEpoch: count,
  emptySinceMs: fc.option(fc.maxSafeNat(), { nil: undefined }),
  assignor: text,
  partitionCounts: fc.array(fc.tuple(streamId, count), { maxLength: 4 }).map((rows) => new Map(rows)),
  members: fc.array(consumer, { maxLength: 4 }),
})

test('a group comes back as it was written', () => {
  fc.assert(
    fc.property(fc.oneof(group, consumerGroup), (written) =>
      assert.deepEqual(plain(decodeGroup(encodeGroup(written))), plain(written)),
    ),
  )
})

test('what is read is not a view of what was read, also where that is a Buffer', () => {
  fc.assert(
    fc.property(fc.oneof(group, consumerGroup), (written) => {
      const read = Buffer.from(encodeGroup(written))
      const decoded = decodeGroup(read)
      read.fill(0xff)
      assert.deepEqual(plain(decoded), plain(written))
    }),
  )
})

test('an offset and its key come back as they were written, also negative ones', () => {
  const committed = fc.record(
    {
      offset: fc.maxSafeInteger(),
      leaderEpoch: fc.integer(),
      metadata: text,
      committedAtMs: fc.maxSafeNat(),
      expiresAtMs: fc.option(fc.maxSafeNat(), { nil: undefined }),
    },
    plainObjects,
  )
  const row = fc.record({ streamId: fc.maxSafeNat(), committed }, plainObjects)
  fc.assert(fc.property(row, (written) => assert.deepEqual(decodeOffset(encodeOffset(written)), written)))
  fc.assert(
    fc.property(text, text, count, (groupId, topic, partition) => {
      const key = decodeGroupKey(encodeOffsetKey(groupId, topic, partition))
      assert.deepEqual(key, { kind: 'offset', groupId, topic, partition })
      assert.deepEqual(decodeGroupKey(encodeGroupKey(groupId)), { kind: 'group', groupId })
    }),
  )
})

test('a record of a newer version is refused', () => {
  const newer = { code: 'data-directory-newer' }
  assert.throws(() => decodeOffset(Uint8Array.of(2)), newer)
  assert.throws(() => decodeGroup(Uint8Array.of(3)), newer)
  assert.throws(() => decodeGroupKey(Uint8Array.of(9, 0, 1, 103)), newer)
})

test('what clients say of themselves never throws, whatever it is', () => {
  const begun = fc.tuple(fc.constantFrom([0, 0], [0, 3]), fc.nat(6), fc.uint8Array({ maxLength: 40 }))
  const like = begun.map(([version, topics, rest]) => Uint8Array.from([...version, 0, 0, 0, topics, ...rest]))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), like), (said) => {
      const read = readSubscription(said)
      if (read !== undefined) assert.ok(read.topics.length <= said.length / 2)
      const assigned = assignedPartitions(said)
      if (assigned !== undefined) assert.ok(assigned.length <= said.length / 4)
    }),
    { numRuns: 2000 },
  )
})

/** Buffers and plain bytes are the same here, and so are maps and their rows. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) =>
      part instanceof Uint8Array || part instanceof Map ? [...part] : part,
    ),
  )
}
