// Colours by ANSI escapes, and the width of what has them. Without colours all painters leave text as it is.

export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

export function paintFor(hasColor: boolean): Paint {
  const painter = (code: number) => (text: string) => (hasColor ? `\x1b[${code}m${text}\x1b[0m` : text)
  return {
    bold: painter(codes.bold),
    dim: painter(codes.dim),
    red: painter(codes.red),
    green: painter(codes.green),
    yellow: painter(codes.yellow),
    cyan: painter(codes.cyan),
  }
}

/** NO_COLOR (https://no-color.org): any value but an empty one means none. */
export function wantsColor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
}

// oxlint-disable-next-line no-control-regex -- these are the escapes that the painters make
const escapes = /(\x1b\[\d+m)/

/** In columns. Everything that is drawn is one UTF-16 unit and one column wide. */
export function widthOf(text: string): number {
  return text.split(escapes).reduce((width, part) => width + (part.startsWith('\x1b') ? 0 : part.length), 0)
}

/** Cuts a painted line at so many columns. */
export function fit(line: string, width: number): string {
  if (widthOf(line) <= width) return line
  let left = width - 1
  let cut = ''
  for (const part of line.split(escapes)) {
    if (part.startsWith('\x1b')) cut += part
    else {
      cut += part.slice(0, left)
      left -= Math.min(left, part.length)
    }
  }
  return `${cut}…`
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** Breaks plain text into lines at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
