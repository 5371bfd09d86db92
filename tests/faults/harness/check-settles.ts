// Nothing confirmed is lost, nothing settled returns, failures count and delays hold, and what is condemned
// has its letter.

import type { Published } from './history.ts'
import { isFinal, placeText } from './story.ts'
import type { DeliveryStory, RecordStory, Story, Violation } from './story.ts'

export function checkPublished(story: Story): Violation[] {
  const byPlace = new Map<string, Published>()
  const violations: Violation[] = []
  for (const event of story.published) {
    const place = placeText(event)
    const other = byPlace.get(place)
    if (other !== undefined) {
      const text = `${place} was confirmed to two publishers`
      violations.push({ promise: 'one place, one record', text, evidence: [other, event] })
    }
    byPlace.set(place, event)
  }
  for (const consumer of story.consumers) violations.push(...changedRecords(story, consumer, byPlace))
  return violations
}

function* changedRecords(
  story: Story,
  consumer: string,
  byPlace: ReadonlyMap<string, Published>,
): Iterable<Violation> {
  for (const { event } of story.deliveries.get(consumer)!) {
    const sent = byPlace.get(placeText(event))
    if (sent === undefined || (sent.id === event.id && sent.subject === event.subject)) continue
    const text = `${placeText(event)} was ${sent.id} when it was confirmed and is ${event.id} when delivered`
    yield { promise: 'what was published is delivered', text, evidence: [sent, event] }
  }
}

export function checkNothingLost(story: Story): Violation[] {
  return story.consumers.flatMap((consumer) =>
    story.published.flatMap((event): Violation[] => {
      const record = story.record(consumer, event)
      if (record.letter !== undefined || record.deliveries.some(isMaybeSettled)) return []
      const seen = record.deliveries.length
      const times = `came ${seen} times to ${consumer}, and was never settled`
      const text = `${placeText(event)} of ${event.subject} was confirmed, ${times}`
      return [{ promise: 'nothing is lost', text, evidence: [event, ...eventsOf(record)] }]
    }),
  )
}

function isMaybeSettled({ settle }: DeliveryStory): boolean {
  return settle !== undefined && isFinal(settle) && settle.outcome !== 'stale'
}

export function checkRecords(story: Story): Violation[] {
  const violations: Violation[] = []
  for (const [key, record] of story.records) {
    const say = (promise: string, text: string): void =>
      void violations.push({ promise, text: `${key}: ${text}`, evidence: eventsOf(record) })
    checkDeliveries(record, say)
    checkLetter(record, story, say)
  }
  return violations
}

type Say = (promise: string, text: string) => void

function checkDeliveries({ deliveries }: RecordStory, say: Say): void {
  for (const [index, { event }] of deliveries.entries()) {
    if (event.isLate) continue
    let failures = 0
    // Outcomes become known out of order, so each delivery looks at all before it.
    for (const { settle } of deliveries.slice(0, index)) {
      if (settle?.outcome !== 'confirmed' || settle.outcomeAt > event.at) continue
      if (isFinal(settle)) say('nothing settled returns', `it came again as delivery ${event.delivery}`)
      if (settle.verb !== 'nack') continue
      failures++
      if (settle.at + settle.delayMs > event.at + earlyMs)
        say(
          'no delay is cut short',
          `delivery ${event.delivery} is ${settle.at + settle.delayMs - event.at} ms early`,
        )
    }
    if (event.attempt <= failures)
      say('confirmed failures count', `attempt ${event.attempt} after ${failures} confirmed failures`)
  }
}

/** Two clocks, and a timer that is exact to a millisecond. */
const earlyMs = 3

function checkLetter(record: RecordStory, story: Story, say: Say): void {
  const confirmed = record.deliveries.filter(({ settle }) => settle?.outcome === 'confirmed')
  const isCondemned = confirmed.some(
    ({ settle, event }) =>
      settle!.verb === 'reject' || (settle!.verb === 'nack' && event.attempt >= story.settings.maxDeliver),
  )
  if (isCondemned && record.letter === undefined) say('what is condemned has a letter', 'there is none')
  const acked = confirmed.find(({ settle }) => settle!.verb === 'ack')
  if (acked === undefined || record.letter === undefined) return
  // A letter is written at least once: a broker that dies over one may deliver the record again.
  const isExcused = record.deliveries.some(
    ({ event, settle }) => settle?.outcome !== 'confirmed' && story.diedBetween(event.at, acked.event.at),
  )
  if (!isExcused) say('nothing settled returns', 'it was acked and has a letter')
}

function eventsOf({ deliveries, letter }: RecordStory): Violation['evidence'] {
  return [...deliveries.map(({ event }) => event), ...(letter === undefined ? [] : [letter])]
}
