// After the faults: waits until everything is settled, and reads the dead letters that there are.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@sluice/client'
import type { History } from './history.ts'
import { deadLetterStreamOf } from './operator.ts'
import { consumerPlans, STREAM } from './workload.ts'

const settleMsMax = 60_000
const askAgainMs = 100

/** Writes down how much is left when all is settled, or when the time for it is over. */
export async function untilSettled(client: Client, history: History): Promise<void> {
  const untilMs = history.now() + settleMsMax
  for (const { name } of consumerPlans) {
    let unsettled = await unsettledCount(client, name)
    while (unsettled > 0 && history.now() < untilMs) {
      await sleep(askAgainMs)
      unsettled = await unsettledCount(client, name)
    }
    history.add({ kind: 'finished', at: history.now(), consumer: name, unsettled })
  }
}

/** Between the floor of each partition and its high watermark. */
async function unsettledCount(client: Client, name: string): Promise<number> {
  const consumer = await client.consumers.get(STREAM, name)
  const [stats, stream] = await Promise.all([consumer.stats(), client.streams.get(STREAM)])
  return stats.partitions.reduce(
    (sum, { partition, floor }) => sum + stream.partitions[partition]!.highWatermark - floor,
    0,
  )
}

export async function readLetters(client: Client, history: History): Promise<void> {
  const streams = new Set((await client.streams.list()).map(({ name }) => name))
  for (const { name: consumer } of consumerPlans) {
    const stream = deadLetterStreamOf(consumer)
    if (!streams.has(stream)) continue
    for await (const { records } of client.log(stream).read({ from: 'first' })) {
      for (const { headers } of records) {
        const [partition, offset] = [Number(headers['sluice-partition']), Number(headers['sluice-offset'])]
        const reason = headers['sluice-reason'] ?? ''
        history.add({ kind: 'letter', at: history.now(), consumer, partition, offset, reason })
      }
    }
  }
}
