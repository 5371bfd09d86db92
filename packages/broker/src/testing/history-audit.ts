// Reads everything that a broker holds, as a client in its process, and compares it with the reference.

import type { Client, PartitionInfo } from '@sluice/client'
import type { HistoryLedger } from './history-ledger.ts'
import type { StreamRecord } from './history-records.ts'
import type { SentMessage } from './reference-stream.ts'
import { Violation } from './reference-violation.ts'

/** After a start, before anyone else comes: what survived is what had to. */
export async function auditLogs(client: Client, ledger: HistoryLedger): Promise<void> {
  for (const stream of ledger.streams.values()) {
    if (stream.state !== 'alive') continue
    const { name } = stream.plan
    const { reference } = stream
    const info = await client.streams.get(name)
    const alive = [...stream.consumers.values()]
      .filter(({ isAlive }) => isAlive)
      .map((consumer) => consumer.name)
    const found = new Set((await client.consumers.list(name)).map((consumer) => consumer.name))
    ledger.claim(() => {
      const count = info.partitions.length
      if (count < reference.partitionsMin || count > reference.partitions.length)
        throw new Violation(`${name} has ${count} partitions`)
      for (const consumer of alive)
        if (!found.has(consumer)) throw new Violation(`consumer ${consumer} of ${name} is lost`)
      for (const { partition, quarantined, offline } of info.partitions) {
        // Why not after a crash: a write that was cut short, or that the disk did in another order, leaves
        // a gap. What was confirmed is not in it.
        if (quarantined > 0 && !ledger.hadCrash && reference.damaged.size === 0) {
          throw new Violation(`${name}/${partition} has ${quarantined} records in quarantine`)
        }
        if (offline !== undefined)
          throw new Violation(`${name}/${partition} is offline after a start: ${offline}`)
      }
    })
    for (const partition of info.partitions) await auditPartition(client, ledger, stream, partition)
  }
}

async function auditPartition(
  client: Client,
  ledger: HistoryLedger,
  stream: StreamRecord,
  { partition, highWatermark }: PartitionInfo,
): Promise<void> {
  const { reference } = stream
  const found = await readPartition(
    client,
    ledger,
    { stream: stream.plan.name, partition },
    (offset, timestamp) => {
      reference.timestamped(partition, offset, timestamp)
    },
  )
  while (found.length < highWatermark) found.push(undefined)
  if (reference.isRetired) return
  ledger.note(`audit ${stream.plan.name}/${partition}: ${found.length} records`)
  const { durability } = stream.plan.config
  ledger.claim(() => {
    if (durability === 'memory' && found.length > 0)
      throw new Violation(`${stream.plan.name} outlived its process`)
    const mayEndEarlier = durability === 'memory' || (durability === 'os' && ledger.hasLostPower)
    if (mayEndEarlier || reference.isDamagedTail(partition, found)) ledger.forget(stream, partition, found)
    else if (ledger.hasCrashed) reference.allowGaps(partition, found)
    reference.compare(partition, found)
    found.forEach((message, offset) => {
      if (message !== undefined) reference.seen(partition, offset, ledger.nowMs)
    })
  })
}

/** All records of a partition from the first on, by offset. */
export async function readPartition(
  client: Client,
  ledger: HistoryLedger,
  { stream, partition }: { stream: string; partition: number },
  timestamped?: (offset: number, timestamp: number) => void,
): Promise<(SentMessage | undefined)[]> {
  const found: (SentMessage | undefined)[] = []
  for await (const batch of client.log(stream).read({ partition, batchBytes: 16 * 1024 })) {
    for (const { offset, subject, data, timestamp } of batch.records) {
      const where = `${stream}/${partition}@${offset}`
      if (offset < found.length) throw new Violation(`${where} follows ${found.length - 1}`)
      while (found.length < offset) found.push(undefined)
      timestamped?.(offset, timestamp)
      found.push(ledger.identify(where, subject, data ?? Buffer.alloc(0)))
    }
  }
  return found
}

export interface FoundLetter {
  readonly partition: number
  readonly offset: number
  readonly id: string
  readonly headers: Record<string, string>
}

/** All dead letters in a stream; none where there is no such stream. */
export async function readLetters(
  client: Client,
  ledger: HistoryLedger,
  stream: string,
): Promise<FoundLetter[]> {
  const letters: FoundLetter[] = []
  const streams = await client.streams.list()
  const found = streams.find(({ name }) => name === stream)
  for (const { partition } of found?.partitions ?? []) {
    for await (const batch of client.log(stream).read({ partition })) {
      for (const { subject, data, headers, offset } of batch.records) {
        const { id } = ledger.identify(`${stream}/${partition}@${offset}`, subject, data ?? Buffer.alloc(0))
        letters.push({ partition, offset, id, headers })
      }
    }
  }
  return letters
}
