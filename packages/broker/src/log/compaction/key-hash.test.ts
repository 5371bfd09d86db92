// The hash against the first vectors that its authors publish, and that no part of a key is left out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyHash } from './key-hash.ts'

const hash = new KeyHash([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c])

function hexOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  hash.compute(bytes, start, end)
  const out = Buffer.alloc(16)
  for (const [index, word] of [hash.a, hash.b, hash.c, hash.d].entries()) out.writeUInt32LE(word, index * 4)
  return out.toString('hex')
}

test('hashes are those of the published vectors', () => {
  assert.equal(hexOf(new Uint8Array(0)), 'a3817f04ba25a8e66df67214c7550293')
  assert.equal(hexOf(Uint8Array.of(0)), 'da87c1d86b99af44347659119b22fc45')
})

test('a part of an array has the hash of its bytes alone', () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, index) => index * 7)
  for (let size = 0; size <= 20; size++) {
    assert.equal(hexOf(bytes, 3, 3 + size), hexOf(bytes.slice(3, 3 + size)))
  }
})

test('every bit and the length of a key change its hash', () => {
  const seen = new Set<string>()
  let count = 0
  for (let size = 0; size <= 24; size++) {
    seen.add(hexOf(new Uint8Array(size)))
    count++
    for (let bit = 0; bit < size * 8; bit++) {
      const bytes = new Uint8Array(size)
      bytes[bit >>> 3] = 1 << (bit & 7)
      seen.add(hexOf(bytes))
      count++
    }
  }
  assert.equal(seen.size, count)
})
