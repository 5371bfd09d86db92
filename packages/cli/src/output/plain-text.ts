// Text from outside made fit for a terminal: one line, and nothing that a terminal obeys.

// oxlint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
const shortForms: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Control characters, line ends and marks of direction are shown as escapes. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => shortForms[character] ?? escaped(character))
}

/** The same for sentences, in which a line end is only a gap. */
export function oneLine(text: string): string {
  return printable(text.trim().replaceAll(/\s*[\r\n]\s*/g, ' '))
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  return code <= 0xff
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`
}
