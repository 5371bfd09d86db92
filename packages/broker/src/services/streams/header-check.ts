// Whether the headers of a record can be read: headerCount varint · { nameSize name, valueSize (-1: null)
// value }*. Broken ones would be stored, and then break every reader.

/** Where the last varint ended; -1 when it did not. One field instead of an object per record. */
let after = -1

/** `bytes[start, end)` are to be the headers, exactly. */
export function areHeadersSound(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start === 1) return bytes[start] === 0
  const count = varint(bytes, start, end)
  let at = after
  if (at < 0 || count < 1) return false
  for (let index = 0; index < count; index++) {
    const nameSize = varint(bytes, at, end)
    if (after < 0 || nameSize < 0 || nameSize > end - after) return false
    const valueSize = varint(bytes, after + nameSize, end)
    if (after < 0 || valueSize < -1 || valueSize > end - after) return false
    at = valueSize < 0 ? after : after + valueSize
  }
  return at === end
}

/** A zig-zag varint of at most 32 bits. */
function varint(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  let scale = 1
  after = -1
  for (let at = start; at < end && at < start + 5; at++) {
    const byte = bytes[at]!
    value += (byte & 0x7f) * scale
    scale *= 0x80
    if (byte < 0x80) {
      after = at + 1
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
  }
  return 0
}
