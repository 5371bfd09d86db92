// What is wrong in a log, on one line: what, in which file, at which byte, and which offsets it concerns.

import type { LogFinding } from '../broker-commands.ts'
import { printable } from './plain-text.ts'

export function findingText(finding: LogFinding): string {
  const { kind, file, position, sizeBytes, baseOffset, nextOffset, isDamage } = finding
  const where = `${file} at position ${position}, ${sizeBytes} bytes`
  const offsets = nextOffset > baseOffset ? `, offsets ${baseOffset} to ${nextOffset - 1}` : ''
  return printable(`${isDamage ? 'damage' : 'note'}  ${kind}  ${where}${offsets}`)
}
