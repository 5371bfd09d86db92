// The messages that loaders publish: the same for every system, made before time is taken.

import type { FlowRule, OutgoingMessage } from '../targets/target.ts'

const tiers = ['premium', 'basic', 'freemium'] as const

/** The three classes of tenants that every page of Sluice speaks of. */
export const PATTERN_RULES: readonly FlowRule[] = [
  { match: 'orders.premium.>', limit: 30 },
  { match: 'orders.basic.>', limit: 10 },
  { match: 'orders.freemium.>', limit: 1 },
]

/** The same limits over all subjects of a tenant together. */
export const CAPTURE_RULES: readonly FlowRule[] = [
  { match: 'orders.premium.{tenant}.>', limit: 30 },
  { match: 'orders.basic.{tenant}.>', limit: 10 },
  { match: 'orders.freemium.{tenant}.>', limit: 1 },
]

/** Of the hot tenant in the measurements with one saturated subject. */
export const HOT_SUBJECT = 'orders.freemium.hot'

export function subjectOf(index: number): string {
  return `orders.${tiers[index % tiers.length]}.u${index}`
}

const tenantCount = 300

export function tenantSubjectOf(index: number): string {
  return `orders.${tiers[index % tiers.length]}.t${index % tenantCount}.u${index}`
}

/** In the first eight bytes of a message: whoever gets it holds it and does not settle it. */
export const HOLD_MARK = Number.NaN

/** Bytes that no compression and no deduplication makes small. */
export function payloadOf(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  // Xorshift: every run publishes the same.
  for (let index = 0, state = 2463534242; index < sizeBytes; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[index] = state
  }
  return bytes
}

/** Batches over all subjects in turn, enough of them that every subject comes; `at(i)` starts over. */
export class MessageBatches {
  readonly #batches: OutgoingMessage[][] = []

  constructor(shape: { batchCount: number; subjectCount: number; payloadBytes: number }) {
    const data = payloadOf(shape.payloadBytes)
    const batches = Math.ceil(shape.subjectCount / shape.batchCount)
    for (let batch = 0, index = 0; batch < batches; batch++) {
      const messages = Array.from({ length: shape.batchCount }, () => {
        return { subject: subjectOf(index++ % shape.subjectCount), data }
      })
      this.#batches.push(messages)
    }
  }

  at(index: number): readonly OutgoingMessage[] {
    return this.#batches[index % this.#batches.length]!
  }
}
