// The idempotent producers of one log, each with its last batches: what makes a batch that is sent again be
// stored once. Holds what was appended, durable or not; what is refused is taken back.
// Must never forget a batch that could still be refused, nor the five before it.

import {
  baseOffsetOf,
  baseSequenceOf,
  lastOffsetDeltaOf,
  producerEpochOf,
  producerIdOf,
} from '@sluice/protocol/record/record-batch'

/** As many as clients have in flight: an older one is not sent again. */
const rememberedBatches = 5
/** Beyond it the one is forgotten that has written least recently; what it repeats is stored twice. */
const producersMax = 16_384
const sequences = 2 ** 31

export interface ProducerBatch {
  readonly epoch: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
}

export interface ProducerEntry {
  readonly id: number
  /** Wall clock of the broker when the last one was appended, or found again at a start. */
  lastMs: number
  /** In the order of their offsets. Invariant: never empty. */
  batches: ProducerBatch[]
}

/** What a producer wrote last. */
export interface LatestBatch {
  readonly id: number
  readonly lastMs: number
  readonly epoch: number
  readonly lastSequence: number
}

/** `repeated` was stored before, at that offset. */
export type SequenceVerdict =
  | { readonly kind: 'next' | 'out-of-order' | 'stale-epoch' }
  | { readonly kind: 'repeated'; readonly baseOffset: number }

const next: SequenceVerdict = { kind: 'next' }
const outOfOrder: SequenceVerdict = { kind: 'out-of-order' }
const staleEpoch: SequenceVerdict = { kind: 'stale-epoch' }

export class ProducerTable {
  readonly #expirationMs: number
  /** Whoever has written least recently first. */
  readonly #producers = new Map<number, ProducerEntry>()

  constructor(expirationMs: number, entries: readonly ProducerEntry[] = []) {
    this.#expirationMs = expirationMs
    for (const entry of entries) this.#producers.set(entry.id, entry)
  }

  get size(): number {
    return this.#producers.size
  }

  /** What to do with a batch of a producer. Decided as Kafka's broker does. */
  judge(bytes: Uint8Array, at: number, nowMs: number): SequenceVerdict {
    this.#expire(nowMs)
    const entry = this.#producers.get(producerIdOf(bytes, at))
    // Why any sequence: who was forgotten cannot be told from who is new, and Kafka takes it too.
    if (entry === undefined) return next
    const batch = describe(bytes, at)
    const last = entry.batches.at(-1)!
    // Why from an index: more are kept as long as they may be refused.
    for (let index = entry.batches.length - 1; index >= 0; index--) {
      const earlier = entry.batches[index]!
      if (index < entry.batches.length - rememberedBatches || earlier.epoch !== last.epoch) break
      if (isSame(earlier, batch)) return { kind: 'repeated', baseOffset: earlier.baseOffset }
    }
    if (batch.epoch < last.epoch) return staleEpoch
    const expected = batch.epoch > last.epoch ? 0 : (last.lastSequence + 1) % sequences
    return batch.firstSequence === expected ? next : outOfOrder
  }

  /** A batch has its place. `durableEnd`: what is below can no longer be refused. */
  appended(bytes: Uint8Array, at: number, nowMs: number, durableEnd: number): void {
    const id = producerIdOf(bytes, at)
    if (id < 0) return
    const entry = this.#producers.get(id) ?? { id, lastMs: nowMs, batches: [] }
    entry.lastMs = nowMs
    entry.batches.push(describe(bytes, at))
    const { batches } = entry
    while (batches.length > rememberedBatches && batches[rememberedBatches]!.lastOffset < durableEnd)
      batches.shift()
    this.#producers.delete(id)
    this.#producers.set(id, entry)
    if (this.#producers.size > producersMax) this.#producers.delete(this.#oldest()!.id)
  }

  /** What was appended from the offset on is refused: its sequences may come again. */
  cut(endOffset: number): void {
    for (const entry of this.#producers.values()) {
      while ((entry.batches.at(-1)?.lastOffset ?? -1) >= endOffset) entry.batches.pop()
      if (entry.batches.length === 0) this.#producers.delete(entry.id)
    }
  }

  /** As it was when the log ended at the offset, which is durable. */
  entriesBelow(endOffset: number): ProducerEntry[] {
    const entries: ProducerEntry[] = []
    for (const { id, lastMs, batches } of this.#producers.values()) {
      const below = batches.filter(({ lastOffset }) => lastOffset < endOffset).slice(-rememberedBatches)
      if (below.length > 0) entries.push({ id, lastMs, batches: below })
    }
    return entries
  }

  /** Those that are remembered, with the last batch of each. */
  *latest(nowMs: number): Iterable<LatestBatch> {
    this.#expire(nowMs)
    for (const { id, lastMs, batches } of this.#producers.values()) {
      const { epoch, lastSequence } = batches.at(-1)!
      yield { id, lastMs, epoch, lastSequence }
    }
  }

  #expire(nowMs: number): void {
    for (let oldest = this.#oldest(); oldest !== undefined; oldest = this.#oldest()) {
      if (nowMs - oldest.lastMs < this.#expirationMs) return
      this.#producers.delete(oldest.id)
    }
  }

  #oldest(): ProducerEntry | undefined {
    return this.#producers.values().next().value
  }
}

function describe(bytes: Uint8Array, at: number): ProducerBatch {
  const baseOffset = baseOffsetOf(bytes, at)
  const delta = lastOffsetDeltaOf(bytes, at)
  const firstSequence = baseSequenceOf(bytes, at)
  return {
    epoch: producerEpochOf(bytes, at),
    firstSequence,
    lastSequence: (firstSequence + delta) % sequences,
    baseOffset,
    lastOffset: baseOffset + delta,
  }
}

function isSame(one: ProducerBatch, other: ProducerBatch): boolean {
  const areAlike = one.firstSequence === other.firstSequence && one.lastSequence === other.lastSequence
  return areAlike && one.epoch === other.epoch
}
