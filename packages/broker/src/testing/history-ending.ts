// The end of a history: all faults are over, members have room and ack what comes. Then everything must be
// delivered and settled within a bound, nothing may be left in flight or parked, and every record must be
// accounted for.

import type { Client, ConsumerStats } from '@sluice/client'
import { readLetters, readPartition } from './history-audit.ts'
import type { FoundLetter } from './history-audit.ts'
import type { HistoryLedger } from './history-ledger.ts'
import type { ConsumerRecord, StreamRecord } from './history-records.ts'
import { placeOf } from './reference-stream.ts'
import type { FoundLog } from './reference-stream.ts'
import type { Track } from './reference-track.ts'
import { Violation } from './reference-violation.ts'
import type { SimWorld } from './sim-io.ts'

/** Longer than any ackWait, delay, back-off, silence of a dead peer and retry together. */
const drainedWithinMs = 120_000
const lookEveryMs = 250

interface Draining {
  readonly world: SimWorld
  readonly client: Client
  readonly ledger: HistoryLedger
  /** Of records that are blocked, if there are any. */
  readonly decide: (consumer: ConsumerRecord) => Promise<unknown>
}

/** Waits until no consumer has anything left. */
export async function drained({ world, client, ledger, decide }: Draining): Promise<void> {
  const startedMs = world.scheduler.nowMs
  for (const consumer of aliveConsumers(ledger)) {
    const { name: stream } = consumer.stream.plan
    for (;;) {
      const handle = await client.consumers.get(stream, consumer.name)
      const stats = await handle.stats()
      const left = whatIsLeft(stats)
      if (left === undefined) break
      if (world.scheduler.nowMs - startedMs > drainedWithinMs) {
        const explained = await Promise.all(
          consumer.stream.plan.subjects.map((subject) => handle.explain(subject)),
        )
        const why = explained.map(({ subject, text }) => `${subject}: ${text}`).join('; ')
        throw new Violation(
          `${stream} ${consumer.name} is not drained after ${drainedWithinMs} ms: ${left} (${why})`,
        )
      }
      await decide(consumer)
      await world.sleep(lookEveryMs)
    }
  }
}

function whatIsLeft(stats: ConsumerStats): string | undefined {
  const { inFlight, parked, ready, delayed, blocked, partitions } = stats
  if (inFlight + parked + ready + delayed + blocked > 0) {
    return `${inFlight} in flight, ${parked} parked, ${ready} ready, ${delayed} delayed, ${blocked} blocked`
  }
  const behind = partitions.find(({ floor, readPosition, unread, settledRanges }) => {
    return floor !== readPosition || unread > 0 || settledRanges > 0
  })
  return behind === undefined ? undefined : JSON.stringify(behind)
}

/** Reads all there is once more, and asks of every record what became of it. */
export async function accountForAll(client: Client, ledger: HistoryLedger): Promise<void> {
  for (const stream of ledger.streams.values()) {
    if (stream.state !== 'alive') continue
    const logs: FoundLog[] = []
    const { reference } = stream
    for (let partition = 0; partition < reference.partitions.length; partition++) {
      const found = await readPartition(
        client,
        ledger,
        { stream: stream.plan.name, partition },
        (offset, timestamp) => {
          reference.timestamped(partition, offset, timestamp)
        },
      )
      reference.compare(partition, found)
      logs.push(found)
    }
    for (const consumer of stream.consumers.values()) {
      if (!consumer.isAlive) continue
      checkSettled(consumer, logs, ledger)
      const letters = await readLetters(client, ledger, consumer.configs.newest.deadLetterStream)
      checkLetters(consumer, letters, ledger)
    }
  }
}

export function aliveConsumers(ledger: HistoryLedger): ConsumerRecord[] {
  return [...ledger.streams.values()].flatMap(({ state, consumers }) => {
    return state === 'alive' ? [...consumers.values()].filter(({ isAlive }) => isAlive) : []
  })
}

/** Every record that the filter wants was delivered, and settled by somebody. */
function checkSettled({ reference }: ConsumerRecord, logs: readonly FoundLog[], ledger: HistoryLedger): void {
  const { tracks, orders, name } = reference
  logs.forEach((log, partition) => {
    const trackAt = (offset: number): Track | undefined => tracks.get(placeOf(partition, offset))
    const { must, fault } = orders.start.judge(partition, log, {
      given: (offset) => trackAt(offset) !== undefined,
      timestamps: (offset) => reference.stream.timestampOf(partition, offset),
      known: (offset) => reference.stream.partitions[partition][offset],
    })
    if (fault !== undefined) throw new Violation(`${name}: ${partition}@${fault}`)
    log.forEach((message, offset) => {
      if (message === undefined) return
      const track = trackAt(offset)
      const where = `${name}: ${placeOf(partition, offset)} (${message.id})`
      if (track === undefined) {
        if (!must(offset) || !reference.mustBeGiven(partition, offset, message)) return
        throw new Violation(`${where} was never delivered`)
      }
      if (!reference.isPossiblySettled(track, ledger.nowMs))
        throw new Violation(`${where} is passed over, unsettled`)
    })
  })
}

function checkLetters(
  consumer: ConsumerRecord,
  letters: readonly FoundLetter[],
  ledger: HistoryLedger,
): void {
  const { stream, name, reference, configs } = consumer
  const { maxDeliver } = configs.newest
  const own = new Map<string, FoundLetter>()
  for (const letter of letters) {
    const { headers, id } = letter
    if (headers['sluice-stream'] === stream.plan.name && headers['sluice-consumer'] === name)
      own.set(`${id} ${headers['sluice-partition']}@${headers['sluice-offset']}`, letter)
  }
  ledger.counts.letters += own.size
  for (const track of reference.tracks.values()) {
    const { message, offset, partition } = track
    const place = placeOf(partition, offset)
    const letter = own.get(`${message.id} ${place}`)
    const where = `${name}: ${place} (${message.id})`
    if (letter !== undefined) checkHeaders(letter, where, maxDeliver)
    // Why not of what may be taken away: where a kill undid the verdict, that came before the letter.
    else if (track.isCondemned && isKept(stream, ledger) && !reference.mayBeTakenAway(track))
      throw new Violation(`${where} has no dead letter`)
  }
}

/** Why: a crash may cost a stream that is not synced its letters, and the last attempt its verdict. */
function isKept({ plan }: StreamRecord, { counts }: HistoryLedger): boolean {
  return plan.config.durability === 'fsync' || counts.crashes === 0
}

function checkHeaders({ headers }: FoundLetter, where: string, maxDeliver: number): void {
  const reason = headers['sluice-reason']
  const attempts = Number(headers['sluice-attempts'])
  const isRejected = reason === 'rejected' && headers['sluice-error']?.startsWith('rejected ') === true
  const isExhausted = reason === 'max-deliver' && maxDeliver > 0 && attempts === maxDeliver
  if ((isRejected || isExhausted) && attempts >= 1) return
  throw new Violation(`${where}: its dead letter says ${JSON.stringify(headers)}`)
}
