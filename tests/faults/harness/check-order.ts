// At limit 1 a subject is delivered in the order of its offsets, each record only after the one before it is
// settled.

import type { RulesInForce } from './check-limits.ts'
import { rulesInForce } from './check-limits.ts'
import type { Delivered } from './history.ts'
import { subjectLimit } from './rule-pools.ts'
import { isFinal, placeText } from './story.ts'
import type { DeliveryStory, RecordStory, Story, Violation } from './story.ts'

const promise = 'limit 1 is strict order'

export function checkOrder(story: Story): Violation[] {
  return story.consumers.flatMap((consumer) => {
    const rules = rulesInForce(story, consumer)
    const bySubject = Map.groupBy(
      story.deliveries.get(consumer)!.filter(({ event }) => !event.isLate),
      ({ event }) => event.subject,
    )
    return [...bySubject].flatMap(([subject, deliveries]) =>
      isStrict(subject, rules) ? [...new SubjectOrder(story, consumer).violations(deliveries)] : [],
    )
  })
}

function isStrict(subject: string, rules: readonly RulesInForce[]): boolean {
  return rules.every((each) => subjectLimit(subject, each) === 1)
}

class SubjectOrder {
  readonly #story: Story
  readonly #consumer: string
  #last: Delivered | undefined

  constructor(story: Story, consumer: string) {
    this.#story = story
    this.#consumer = consumer
  }

  *violations(deliveries: readonly DeliveryStory[]): Iterable<Violation> {
    for (const { event } of deliveries) {
      const fault = this.#faultOf(event)
      if (fault !== undefined) {
        const text = `${this.#consumer}: ${placeText(event)} of ${event.subject} ${fault}`
        yield { promise, text, evidence: [this.#last!, event] }
      }
      this.#last = event
    }
  }

  #faultOf(event: Delivered): string | undefined {
    const last = this.#last
    if (last === undefined || event.offset === last.offset) return undefined
    const record = this.#story.record(this.#consumer, event)
    const isFirst = record.deliveries[0]!.event === event
    if (event.offset < last.offset) {
      if (isFirst) return `comes for the first time after ${placeText(last)}`
      // Its settle was carried out, never confirmed, and forgotten with the broker.
      const settledAt = maybeSettledAt(record, event.at)
      if (settledAt !== undefined && this.#story.diedBetween(settledAt, event.at)) return undefined
      return `comes again after ${placeText(last)}`
    }
    const before = this.#story.record(this.#consumer, last)
    if (before.letter !== undefined || maybeSettledAt(before, event.at) !== undefined) return undefined
    return `comes before ${placeText(last)} is settled`
  }
}

/** When the record was settled at the earliest, as far as anybody knew then. */
function maybeSettledAt({ deliveries }: RecordStory, beforeMs: number): number | undefined {
  const settles = deliveries.flatMap(({ settle }) => {
    const counts = settle !== undefined && isFinal(settle) && settle.outcome !== 'stale'
    return counts && settle.at <= beforeMs ? [settle.at] : []
  })
  return settles.length === 0 ? undefined : Math.min(...settles)
}
