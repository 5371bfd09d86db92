// What an operator orders of streams and consumers that are at work: pauses, drains, purges and deletes, and
// decides of blocked records and dead letters; one order at a time.

import type { Client, Consumer } from '@sluice/client'
import type { BlockedDecision, MessagePlace } from '@sluice/protocol/model/consumer'
import type { HistoryAsking } from './history-asking.ts'
import { readLetters, readPartition } from './history-audit.ts'
import type { HistoryLedger } from './history-ledger.ts'
import type { ConsumerRecord, StreamRecord } from './history-records.ts'
import { isMatch } from './reference-rules.ts'
import { placeOf } from './reference-stream.ts'
import type { ReferenceStream, Removal } from './reference-stream.ts'
import { Violation } from './reference-violation.ts'
import type { SimRandom } from './sim-random.ts'

const matches = ['>', 't.>', 't.a.>', 't.*.1', 't.*.bc.>', 't.b.1', 't.c.2'] as const
const decisions: readonly BlockedDecision[] = ['retry', 'retry', 'drop', 'dead-letter']
/** A crash has cost the log its tail meanwhile. */
const beyondEnd = ['offset-out-of-range'] as const
const blockedMax = 1000
/** A pause that ends later than this is not waited for in the end. */
const soonMs = 20_000

export class HistoryOperator {
  readonly #client: Client
  readonly #asking: HistoryAsking
  readonly #ledger: HistoryLedger
  readonly #random: SimRandom

  constructor(client: Client, asking: HistoryAsking, ledger: HistoryLedger, random: SimRandom) {
    this.#client = client
    this.#asking = asking
    this.#ledger = ledger
    this.#random = random
  }

  // ── Pauses ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Half of them end by themselves, the others are ended by the same order another time. */
  async pauseOrResume(record: ConsumerRecord): Promise<void> {
    const { pauses } = record.reference.orders
    const paused = pauses.matches
    if (paused.length > 0 && this.#random.chance(0.6)) return this.#resume(record, this.#random.pick(paused))
    const match = this.#random.pick([...matches, ...record.stream.plan.subjects])
    const lastMs = this.#random.chance(0.5) ? this.#random.int(50, 4000) : Infinity
    const untilMs = lastMs === Infinity ? Infinity : this.#ledger.wallMs + lastMs
    const until = untilMs === Infinity ? undefined : new Date(untilMs)
    const consumer = await this.#consumer(record)
    pauses.asked(match, untilMs)
    const what = `pause ${nameOf(record)} ${match} until ${until?.toISOString() ?? 'resumed'}`
    // An end that has passed meanwhile is refused; whether it held before nobody knows.
    const info = await this.#asking.until(
      what,
      () => consumer.pause({ match, ...(until !== undefined && { until }) }),
      until === undefined ? [] : ['invalid-request'],
    )
    if (info === undefined) pauses.resuming(match)
    else pauses.confirmed(match, untilMs)
  }

  async #resume(record: ConsumerRecord, match: string): Promise<void> {
    const { pauses } = record.reference.orders
    const consumer = await this.#consumer(record)
    pauses.resuming(match)
    await this.#asking.until(`resume ${nameOf(record)} ${match}`, () => consumer.resume({ match }), [
      'not-paused',
    ])
    pauses.resumed(match)
  }

  // ── What is settled and decided ──────────────────────────────────────────────────────────────────────────

  async drain(record: ConsumerRecord): Promise<void> {
    const match = this.#random.pick([...matches, ...record.stream.plan.subjects])
    const { orders } = record.reference
    const consumer = await this.#consumer(record)
    const drain = orders.draining(match)
    await this.#asking.until(`drain ${nameOf(record)} ${match}`, () => consumer.drain(match))
    this.#ledger.claim(() => orders.drained(drain, this.#ledger.nowMs))
  }

  /** Decides on one subject; says whether there was one. */
  async unblock(record: ConsumerRecord): Promise<boolean> {
    const { orders, configs } = record.reference
    if (configs.newest.onExhausted !== 'block') return false
    const consumer = await this.#consumer(record)
    const rows = await this.#asking.until(`blocked of ${nameOf(record)}`, () => {
      return consumer.blocked({ count: blockedMax })
    })
    if (rows === undefined || rows.length === 0) return false
    const { subject } = this.#random.pick(rows)
    const decision = this.#random.pick(decisions)
    const unblocking = orders.unblocking(subject, decision)
    await this.#asking.until(
      `unblock ${nameOf(record)} ${subject}: ${decision}`,
      () => consumer.unblock(subject, decision),
      ['not-blocked'],
    )
    orders.unblocked(unblocking, this.#ledger.nowMs)
    return true
  }

  /** Some of the dead letters are published anew, or dropped. */
  async handleLetters(record: ConsumerRecord): Promise<void> {
    const consumer = await this.#consumer(record)
    const count = this.#random.int(1, 20)
    const page = await this.#asking.until(
      `letters of ${nameOf(record)}`,
      () => consumer.deadLetters.list({ count }),
      ['unknown-stream'],
    )
    const chosen = (page?.letters ?? []).filter(() => this.#random.chance(0.6))
    if (chosen.length === 0) return
    for (const { origin } of chosen) {
      const track = record.reference.tracks.get(placeOf(origin.partition, origin.offset))
      if (track !== undefined) track.isCondemned = false
    }
    const letters = chosen.map(({ partition, offset }) => ({ partition, offset }))
    if (this.#random.chance(0.4)) {
      await this.#asking.until(`drop letters of ${nameOf(record)}: ${JSON.stringify(letters)}`, () => {
        return consumer.deadLetters.drop({ letters })
      })
    } else await this.#replay(record, page!.deadLetterStream, letters)
  }

  /** At least once: each try may publish each of them. */
  async #replay(record: ConsumerRecord, from: string, letters: readonly MessagePlace[]): Promise<void> {
    const { reference } = record.stream
    const consumer = await this.#consumer(record)
    const found = await this.#asking.until(`read ${from}`, () =>
      readLetters(this.#client, this.#ledger, from),
    )
    const places = new Set(letters.map(({ partition, offset }) => placeOf(partition, offset)))
    const messages = found!
      .filter(({ partition, offset }) => places.has(placeOf(partition, offset)))
      .map(({ id }) => this.#ledger.messages.get(id)!)
    const counts = messages.map((message) => reference.countOf(message))
    await this.#asking.until(`replay letters of ${nameOf(record)}: ${[...places].join(' ')}`, () => {
      for (const message of messages) message.replays++
      return consumer.deadLetters.replay({ letters })
    })
    if (!reference.keepsAll || reference.isRetired) return
    await this.#asking.until(`read ${reference.name}`, () => this.#learnAll(reference))
    this.#ledger.claim(() => {
      messages.forEach((message, index) => {
        if (reference.countOf(message) > counts[index]) return
        throw new Violation(`${message.id} was replayed, and is not in the log of ${reference.name} anew`)
      })
    })
  }

  async #learnAll(reference: ReferenceStream): Promise<void> {
    const { name, partitions } = reference
    for (let partition = 0; partition < partitions.length; partition++) {
      const found = await readPartition(this.#client, this.#ledger, { stream: name, partition })
      found.forEach((message, offset) => {
        if (message !== undefined) reference.learn(partition, offset, message)
      })
    }
  }

  // ── What is removed ──────────────────────────────────────────────────────────────────────────────────────

  async purge(stream: StreamRecord): Promise<void> {
    const { name } = stream.plan
    const { partitions } = stream.reference
    const partition = this.#random.int(0, partitions.length - 1)
    const before = this.#random.int(0, partitions[partition].length)
    const match = this.#random.pick([...matches, ...stream.plan.subjects])
    const isOfPart = this.#random.chance(0.5)
    const removal = this.#ledger.removing(
      stream,
      isOfPart
        ? (ofPartition, offset) => ofPartition === partition && offset < before
        : (_partition, _offset, subject) => subject === undefined || isMatch(match, subject),
    )
    const options = isOfPart ? { partition, before } : { match }
    const answer = await this.#asking.until(
      `purge ${name} ${JSON.stringify(options)}`,
      () => this.#client.streams.purge(name, options),
      beyondEnd,
    )
    this.#removed(stream, removal, answer !== undefined)
  }

  async deleteMessages(stream: StreamRecord): Promise<void> {
    const { name } = stream.plan
    const known = stream.reference.partitions.flatMap((records, partition) => {
      return records.flatMap((message, offset) => (message === undefined ? [] : [{ partition, offset }]))
    })
    if (known.length === 0) return
    const messages = Array.from({ length: this.#random.int(1, 5) }, () => this.#random.pick(known))
    const places = new Set(messages.map(({ partition, offset }) => placeOf(partition, offset)))
    const removal = this.#ledger.removing(stream, (partition, offset) =>
      places.has(placeOf(partition, offset)),
    )
    const answer = await this.#asking.until(
      `delete from ${name}: ${[...places].join(' ')}`,
      () => this.#client.streams.deleteMessages(name, messages),
      beyondEnd,
    )
    this.#removed(stream, removal, answer !== undefined)
  }

  /** `isSure`: all that was known of it is gone. */
  #removed(stream: StreamRecord, removal: Removal, isSure: boolean): void {
    if (!isSure) removal.known.clear()
    this.#ledger.claim(() => this.#ledger.removed(stream, removal))
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Nothing is paused for long or blocked any more. */
  async letGo(record: ConsumerRecord): Promise<void> {
    const { info } = await this.#consumer(record)
    for (const { match, until } of info.pauses) {
      const soonWallMs = this.#ledger.wallMs + soonMs
      const endsSoon = until !== undefined && Date.parse(until) < soonWallMs
      // Why both: what should end by itself must, whatever the broker says of it.
      const mustEnd = record.reference.orders.pauses.surelyEndsBy(match, soonWallMs)
      if (!endsSoon && !mustEnd) await this.#resume(record, match)
    }
    while (await this.unblock(record));
  }

  async #consumer(record: ConsumerRecord): Promise<Consumer> {
    const { stream, name } = record
    const found = await this.#asking.until(`get ${nameOf(record)}`, () => {
      return this.#client.consumers.get(stream.plan.name, name)
    })
    return found!
  }
}

function nameOf({ stream, name }: ConsumerRecord): string {
  return `${stream.plan.name} ${name}`
}
