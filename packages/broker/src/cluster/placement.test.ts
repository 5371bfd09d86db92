import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { onlyNode, Placement } from './placement.ts'

const seed = Date.now()

test(`each stream has one leader per partition and one home per consumer, seed ${seed}`, () => {
  const anyStream = fc.record({ id: fc.nat(1_000_000), firstPartitions: fc.integer({ min: 1, max: 64 }) })
  fc.assert(
    fc.property(anyStream, fc.integer({ min: 1, max: 64 }), fc.string(), (stream, nodeCount, name) => {
      const nodes = Array.from({ length: nodeCount }, (_, node) => new Placement(node, nodeCount))
      for (let partition = 0; partition < stream.firstPartitions; partition++) {
        assert.equal(nodes.filter((node) => node.isLedHere(stream.id, partition)).length, 1)
      }
      const homes = new Set(nodes.map((node) => node.homeOf(stream, name)))
      assert.equal(homes.size, 1)
      const [home] = homes
      const leaders = new Set(
        Array.from({ length: stream.firstPartitions }, (_, at) => nodes[0]!.leaderOf(stream.id, at)),
      )
      assert.ok(leaders.has(home!), 'a home leads a part of what it reads')
    }),
    { seed },
  )
})

test('partitions and streams spread evenly', () => {
  const placement = new Placement(0, 3)
  const counts = [0, 0, 0]
  for (let id = 1; id <= 30; id++) counts[placement.leaderOf(id, 0)]!++
  assert.deepEqual(counts, [10, 10, 10])
  const ofOne = [0, 1, 2, 3, 4, 5].map((partition) => placement.leaderOf(8, partition))
  assert.deepEqual(ofOne, [2, 0, 1, 2, 0, 1])
})

test('consumers of a stream spread over its leaders', () => {
  const placement = new Placement(0, 4)
  const counts = [0, 0, 0, 0]
  const stream = { id: 1, firstPartitions: 16 }
  for (let at = 0; at < 400; at++) counts[placement.homeOf(stream, `consumer-${at}`)]!++
  for (const count of counts) assert.ok(count > 60, String(counts))
})

test('one node is not named', () => {
  assert.equal(onlyNode.named(0), undefined)
  assert.equal(new Placement(0, 2).named(0), 0)
})
