// MurmurHash2, 32 bits, as Kafka's clients use it to choose the partition of a key: a record published here
// and one with the same key from a Kafka client must come to the same partition.

const seed = 0x9747b28c
const multiplier = 0x5bd1e995

/** The hash of `bytes[start, end)` as a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array, start: number, end: number): number {
  let hash = seed ^ (end - start)
  let at = start
  for (; end - at >= 4; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, multiplier)
    word = Math.imul(word ^ (word >>> 24), multiplier)
    hash = Math.imul(hash, multiplier) ^ word
  }
  const rest = end - at
  if (rest > 2) hash ^= bytes[at + 2]! << 16
  if (rest > 1) hash ^= bytes[at + 1]! << 8
  if (rest > 0) hash = Math.imul(hash ^ bytes[at]!, multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/** The partition that Kafka's default partitioner gives a key. */
export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key, 0, key.length) & 0x7fff_ffff) % partitionCount
}
