// Nothing is held back without a reason: while members have room and nothing settles, every record that is
// not out waits for a limit that is full, a delay, a pause or a decision. Looks at what the models know, when
// all is healed and has had time to be delivered.

import type { Client } from '@sluice/client'
import { readPartition } from './history-audit.ts'
import { aliveConsumers } from './history-ending.ts'
import type { HistoryLedger } from './history-ledger.ts'
import type { ReferenceConsumer } from './reference-consumer.ts'
import { placeOf } from './reference-stream.ts'
import type { FoundLog, SentMessage } from './reference-stream.ts'
import { Violation } from './reference-violation.ts'

/** Deliveries of less patient consumers are taken back meanwhile. */
const ackWaitMsMin = 5000
/** What became due within this time may be on its way. */
const latelyMs = 500

export async function checkStillness(client: Client, ledger: HistoryLedger): Promise<void> {
  const logs = new Map<string, readonly FoundLog[]>()
  for (const { plan, reference, state } of ledger.streams.values()) {
    if (state !== 'alive') continue
    const found: FoundLog[] = []
    for (let partition = 0; partition < reference.partitions.length; partition++)
      found.push(await readPartition(client, ledger, { stream: plan.name, partition }))
    logs.set(plan.name, found)
  }
  for (const { stream, reference } of aliveConsumers(ledger)) {
    const { ackWaitMs } = reference.configs.newest
    if (ackWaitMs !== 0 && ackWaitMs < ackWaitMsMin) continue
    new Stillness(reference, ledger.nowMs).check(logs.get(stream.plan.name)!)
  }
}

class Stillness {
  readonly #consumer: ReferenceConsumer
  readonly #nowMs: number

  constructor(consumer: ReferenceConsumer, nowMs: number) {
    this.#consumer = consumer
    this.#nowMs = nowMs
  }

  check(logs: readonly FoundLog[]): void {
    const { room } = this.#consumer
    if (!room.hasMember(this.#nowMs) || room.isDoubtful(this.#nowMs)) return
    logs.forEach((log, partition) => this.#checkPartition(log, partition))
  }

  /** The first record of each subject that is neither out nor settled stands for all after it. */
  #checkPartition(log: FoundLog, partition: number): void {
    const looked = new Set<string>()
    const { must } = this.#consumer.orders.start.judge(partition, log, {
      given: (offset) => this.#consumer.tracks.has(placeOf(partition, offset)),
      timestamps: (offset) => this.#consumer.stream.timestampOf(partition, offset),
      known: (offset) => this.#consumer.stream.partitions[partition][offset],
    })
    log.forEach((message, offset) => {
      if (message === undefined || looked.has(message.subject) || !must(offset)) return
      if (!this.#isWaiting(partition, offset, message)) return
      looked.add(message.subject)
      if (this.#whyHeld(message) !== undefined) return
      const what = `${placeOf(partition, offset)} (${message.id} of ${message.subject})`
      throw new Violation(`${this.#consumer.name}: ${what} is held back, and all has room for it`)
    })
  }

  #isWaiting(partition: number, offset: number, message: SentMessage): boolean {
    const track = this.#consumer.tracks.get(placeOf(partition, offset))
    if (track === undefined) return this.#consumer.mustBeGiven(partition, offset, message)
    return track.out === undefined && !this.#consumer.isPossiblySettled(track, this.#nowMs)
  }

  #whyHeld({ subject }: SentMessage): string | undefined {
    const { configs, orders, rates, room } = this.#consumer
    if (!configs.surelyWants(subject)) return 'filter'
    if (orders.pauses.mayHold(subject)) return 'paused'
    for (const track of this.#consumer.unsettledOf(subject)) {
      if (track.blocked !== 'no') return 'blocked'
      if (track.out === undefined && track.notBeforeMs > this.#nowMs - latelyMs) return 'delayed'
    }
    if (configs.sureRates(subject).some((rate) => !rates.isSurelyOpen(rate, this.#nowMs))) return 'rate'
    return room.fullFor(subject, this.#nowMs)
  }
}
