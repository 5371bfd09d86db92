// Keys of every size come back, and what a removed one leaves is used again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyArena } from './key-arena.ts'

function keyOf(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + seed) & 255)
}

test('keys of every size are kept beside each other', () => {
  const arena = new KeyArena()
  const keys = Array.from({ length: 300 }, (_, size) => keyOf(size, size))
  const addresses = keys.map((key) => arena.add(key, 0, key.length))
  keys.forEach((key, index) => {
    assert.deepEqual(arena.copyOf(addresses[index]!), key)
    assert.equal(arena.equals(addresses[index]!, key, 0, key.length), true)
    assert.equal(arena.equals(addresses[index]!, keyOf(key.length + 1, index), 0, key.length + 1), false)
    if (key.length > 0)
      assert.equal(arena.equals(addresses[index]!, keyOf(key.length, index + 1), 0, key.length), false)
  })
})

test('the longest subject stands in a block, and its place is used again', () => {
  const arena = new KeyArena()
  const longest = keyOf(255, 1)
  const address = arena.add(longest, 0, 255)
  assert.ok(address >= 0, 'it is no object of its own')
  const next = arena.add(keyOf(1, 1), 0, 1)
  assert.equal(next - address, 256)
  arena.remove(address)
  assert.equal(arena.add(keyOf(250, 2), 0, 250), address)
  assert.deepEqual(arena.copyOf(next), keyOf(1, 1))
  assert.ok(arena.add(keyOf(256, 1), 0, 256) < 0, 'only opaque keys are longer')
})
