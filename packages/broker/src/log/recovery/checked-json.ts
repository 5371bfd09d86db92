// Small facts of a log as JSON that people can read, with a checksum against damage:
// {"checksum":<CRC-32C of the text of "facts">,"facts":…}

import { crc32c } from '@sluice/protocol/bytes/crc32c'
import type { FileSystem } from '../../io/io.ts'
import { readFileIfAny, writeFileAtomically } from '../atomic-file.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function writeFacts(files: FileSystem, path: string, facts: unknown): Promise<void> {
  const text = `{"checksum":${checksumOf(facts)},"facts":${JSON.stringify(facts)}}\n`
  return writeFileAtomically(files, path, encoder.encode(text))
}

/** The facts; `missing` where there is no file, `damaged` where it is not as it was written. */
export async function readFacts(
  files: FileSystem,
  path: string,
): Promise<{ facts: unknown } | 'missing' | 'damaged'> {
  const bytes = await readFileIfAny(files, path)
  if (bytes === undefined) return 'missing'
  try {
    const parsed: unknown = JSON.parse(decoder.decode(bytes))
    if (typeof parsed !== 'object' || parsed === null || !('checksum' in parsed) || !('facts' in parsed))
      return 'damaged'
    return parsed.checksum === checksumOf(parsed.facts) ? { facts: parsed.facts } : 'damaged'
  } catch {
    return 'damaged'
  }
}

function checksumOf(facts: unknown): number {
  const bytes = encoder.encode(JSON.stringify(facts))
  return crc32c(bytes, 0, bytes.length)
}
