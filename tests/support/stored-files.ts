// The files of a data directory as an operator, or a failing disk, gets at them: which there are, what is in
// them, and how to damage them.

import { execFile } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { batchSizeOf, baseOffsetOf, recordCountOf } from '@sluice/protocol/record/record-batch'

const main = new URL('../../packages/broker/src/main.ts', import.meta.url).pathname

export interface StoredBatch {
  readonly file: string
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly recordCount: number
}

/** Paths of a log's segments, in order. Streams are numbered from 1 in the order of their creation. */
export function segmentsOf(dataDir: string, streamId: number, partition = 0): string[] {
  const folder = join(dataDir, 'streams', String(streamId), String(partition))
  const names = readdirSync(folder).filter((name) => name.endsWith('.log'))
  return names.toSorted().map((name) => join(folder, name))
}

export function batchesIn(file: string): StoredBatch[] {
  const bytes = readFileSync(file)
  const batches: StoredBatch[] = []
  for (let position = 0; position < bytes.length; position += batches.at(-1)!.sizeBytes) {
    const sizeBytes = batchSizeOf(bytes, position)
    const [baseOffset, recordCount] = [baseOffsetOf(bytes, position), recordCountOf(bytes, position)]
    batches.push({ file, position, sizeBytes, baseOffset, recordCount })
  }
  return batches
}

export function flipBit(file: string, position: number, bit = 0): void {
  const descriptor = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(descriptor, byte, 0, 1, position)
  byte[0]! ^= 1 << bit
  writeSync(descriptor, byte, 0, 1, position)
  closeSync(descriptor)
}

export interface Finding {
  readonly file: string
  readonly position: number
  readonly baseOffset: number
  readonly nextOffset: number
  readonly isDamage: boolean
}

export interface Verification {
  readonly exitCode: number
  readonly findings: readonly Finding[]
  readonly damages: number
}

/** `sluice log verify`. No broker may run. */
export async function verify(dataDir: string): Promise<Verification> {
  const args = [main, 'log', 'verify', dataDir, '--json']
  const { exitCode, text } = await new Promise<{ exitCode: number; text: string }>((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), text: stdout + stderr })
    })
  })
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; damages: number } & Finding)
  const findings = rows.filter(({ kind }) => kind === 'finding')
  return { exitCode, findings, damages: rows.find(({ kind }) => kind === 'summary')!.damages }
}
