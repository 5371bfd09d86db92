// Known vectors of Kafka's own test suite (UtilsTest.testMurmur2), and what is to be true of any partitioner.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2, partitionOfKey } from './murmur2.ts'

const vectors: readonly (readonly [string, number])[] = [
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
]

for (const [text, hash] of vectors) {
  test(`murmur2 of '${text}' is what Kafka computes`, () => {
    const bytes = Buffer.from(text)
    assert.equal(murmur2(bytes, 0, bytes.length), hash)
    const shifted = Buffer.from(`xyz${text}!`)
    assert.equal(murmur2(shifted, 3, 3 + bytes.length), hash)
    assert.equal(partitionOfKey(bytes, 7), (hash & 0x7fffffff) % 7)
  })
}

test('every partition of several is used, and one partition is always 0', () => {
  const used = new Set<number>()
  for (let index = 0; index < 200; index++) {
    const key = Buffer.from(`orders.${index}`)
    used.add(partitionOfKey(key, 8))
    assert.equal(partitionOfKey(key, 1), 0)
  }
  assert.deepEqual(
    [...used].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
})
