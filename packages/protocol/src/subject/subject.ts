// The grammar of subjects (docs/internals/flow-control.md, "Words"): dot-separated tokens without blanks and
// without * > { }, at most 255 bytes of UTF-8. A record key that is no subject is opaque.

export const subjectBytesMax = 255

const subjectForm = /^[^\s.*>{}]+(\.[^\s.*>{}]+)*$/u
const encoder = new TextEncoder()
const fatalDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** False for a lone surrogate too: it has no UTF-8 of its own, so it would be stored as another subject. */
export function isSubject(text: string): boolean {
  if (text.length > subjectBytesMax || !subjectForm.test(text) || !text.isWellFormed()) return false
  return text.length * 3 <= subjectBytesMax || encoder.encode(text).length <= subjectBytesMax
}

/**
 * Whether the key `bytes[start, end)` is a subject. ASCII, the usual case, is decided byte by byte without
 * making a string.
 */
export function isSubjectBytes(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 1 || end - start > subjectBytesMax) return false
  let isTokenEmpty = true
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= 0x80) return isUnicodeSubject(bytes, start, end)
    if (byte === 0x2e) {
      if (isTokenEmpty) return false
      isTokenEmpty = true
    } else {
      if (isForbidden(byte)) return false
      isTokenEmpty = false
    }
  }
  return !isTokenEmpty
}

/** Blanks (tab to carriage return, space) and * > { }: all the ASCII that the grammar forbids. */
function isForbidden(byte: number): boolean {
  if (byte <= 0x20) return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
  return byte === 0x2a || byte === 0x3e || byte === 0x7b || byte === 0x7d
}

function isUnicodeSubject(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    return subjectForm.test(fatalDecoder.decode(bytes.subarray(start, end)))
  } catch {
    return false
  }
}
