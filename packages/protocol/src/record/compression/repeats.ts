// Where a block repeats itself, for compressions that say so: one pass, nothing looked at twice. Finds what
// is cheap to find, not all there is.

const hashBits = 13
/** Of Knuth: spreads four bytes over the table. */
const hashFactor = 0x9e3779b1
/** Where four bytes of this hash stood last, from the start of the block and counted from 1. */
const lastSeen = new Int32Array(1 << hashBits)
const repeatMin = 4
/** LZ4 wants them to end before the last bytes of a block, and the last of them to begin earlier still. */
const lastBytes = 5
const lastStart = 12
/** The longer nothing repeats, the fewer places are tried: one more is left out after so many. */
const patience = 64

/** Takes a block in order. */
export interface RepeatSink {
  /** The bytes `[start, end)` as they are, then `size` bytes from `distance` before `end`. */
  repeat(start: number, end: number, distance: number, size: number): void
}

/** Of the block `[start, end)` of at most 64 KiB; returns where the bytes begin that were not told of. */
export function findRepeats(bytes: Uint8Array, start: number, end: number, sink: RepeatSink): number {
  lastSeen.fill(0)
  let told = start
  let at = start
  while (at < end - lastStart) {
    const slot = Math.imul(word(bytes, at), hashFactor) >>> (32 - hashBits)
    const before = start + lastSeen[slot]! - 1
    lastSeen[slot] = at - start + 1
    if (before < start || word(bytes, before) !== word(bytes, at)) {
      at += 1 + Math.floor((at - told) / patience)
      continue
    }
    let size = repeatMin
    while (at + size < end - lastBytes && bytes[before + size] === bytes[at + size]) size++
    sink.repeat(told, at, at - before, size)
    at += size
    told = at
  }
  return told
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
