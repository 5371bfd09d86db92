// Which streams the members of a group subscribe to: by name, and by pattern. Members that say the same share
// one subscription, and a pattern looks at each topic once, when it comes.

import type { TopicView } from '../topic-directory.ts'
import { compileTopicPattern } from './topic-pattern.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** Partitions that one group may be assigned; what it is assigned is stored as one record. */
const partitionsMax = 1_000_000

/**
 * Steps of patterns that are taken at once, over all names that are looked at: 0.1 s at 4 ns. A usual pattern
 * looks at 10,000 topics in one go; a hostile one takes steps for each of a thousand repetitions.
 */
const stepsMax = 25_000_000
/** For each step of a pattern: what it costs to compile it. */
const compileSteps = 1000

/** About what one entry of a set takes. */
const entryBytes = 32

export interface Subscription {
  readonly key: string
  readonly topics: readonly string[]
  readonly pattern: string
  streamIds: ReadonlySet<number>
  /** Of the topics, when it was resolved; 0: never. */
  version: number
}

interface Matches {
  /** Until it has looked at the topics: what it keeps of its matching may come to megabytes. */
  pattern: TopicPattern | undefined
  readonly names: Set<string>
  comeCount: number
}

export class SubscriptionIndex {
  readonly #view: TopicView
  #subscriptions = new Map<string, Subscription>()
  #matches = new Map<string, Matches>()
  #stepsLeft = stepsMax
  #isBehind = false

  constructor(view: TopicView) {
    this.#view = view
  }

  /** About what is kept of what members read, beside what they say: a short pattern may match many. */
  get bytes(): number {
    let entryCount = 0
    for (const { streamIds } of this.#subscriptions.values()) entryCount += streamIds.size
    for (const { names } of this.#matches.values()) entryCount += names.size
    return entryCount * entryBytes
  }

  /** A pattern has not looked at all topics yet, when it was last resolved: it goes on the next time. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  /** Whether it may stand in a subscription; empty: none. */
  isPattern(source: string): boolean {
    return source === '' || this.#matchesOf(source) !== undefined
  }

  /** The order of the topics says nothing. */
  of(topics: readonly string[], pattern: string): Subscription {
    const distinct = [...new Set(topics)].sort()
    const key = JSON.stringify([pattern, ...distinct])
    const known = this.#subscriptions.get(key)
    if (known !== undefined) return known
    const made = { key, topics: distinct, pattern, streamIds: new Set<number>(), version: 0 }
    this.#subscriptions.set(key, made)
    return made
  }

  /** Brings those in use up to date and forgets others; answers how many partitions each stream has. */
  resolve(inUse: Iterable<Subscription>): ReadonlyMap<number, number> {
    this.#stepsLeft = stepsMax
    this.#isBehind = false
    this.#subscriptions = new Map(Array.from(inUse, (each) => [each.key, each]))
    const sources = new Set(Array.from(this.#subscriptions.values(), ({ pattern }) => pattern))
    for (const source of this.#matches.keys()) if (!sources.has(source)) this.#matches.delete(source)
    const counts = new Map<number, number>()
    let left = partitionsMax
    for (const subscription of this.#subscriptions.values()) {
      this.#resolveOne(subscription)
      for (const id of subscription.streamIds) {
        const { partitionCount } = this.#view.byId(id)!
        if (counts.has(id) || partitionCount > left) continue
        counts.set(id, partitionCount)
        left -= partitionCount
      }
    }
    return counts
  }

  #resolveOne(subscription: Subscription): void {
    if (subscription.version === this.#view.version) return
    const { topics, pattern } = subscription
    const ids = new Set<number>()
    const add = (name: string): void => {
      const topic = this.#view.find(name)
      if (topic !== undefined) ids.add(topic.id)
    }
    for (const name of topics) add(name)
    const matches = pattern === '' ? undefined : this.#matchesOf(pattern)
    if (matches !== undefined) this.#look(pattern, matches)
    for (const name of matches?.names ?? []) add(name)
    subscription.streamIds = ids
    const isWhole = matches === undefined || matches.comeCount === this.#view.comeCount
    if (isWhole) subscription.version = this.#view.version
    else this.#isBehind = true
  }

  /** At the topics that have come since it did last, as far as there are steps left. */
  #look(source: string, matches: Matches): void {
    const { names } = matches
    if (matches.comeCount < this.#view.comeCount && this.#stepsLeft > 0) {
      const pattern = matches.pattern ?? compileTopicPattern(source)!
      this.#stepsLeft -= pattern.stepCount * compileSteps
      matches.comeCount = this.#lookFrom(matches.comeCount, pattern, names)
    }
    matches.pattern = undefined
    for (const name of names) if (this.#view.find(name) === undefined) names.delete(name)
  }

  #lookFrom(comeCount: number, pattern: TopicPattern, names: Set<string>): number {
    let looked = comeCount
    for (const { place, topic } of this.#view.since(comeCount)) {
      if (looked > comeCount && this.#stepsLeft <= 0) return looked
      this.#stepsLeft -= pattern.stepCount * topic.name.length
      if (pattern.matches(topic.name)) names.add(topic.name)
      looked = place
    }
    return this.#view.comeCount
  }

  #matchesOf(source: string): Matches | undefined {
    const known = this.#matches.get(source)
    if (known !== undefined) return known
    const pattern = compileTopicPattern(source)
    if (pattern === undefined) return undefined
    const made = { pattern, names: new Set<string>(), comeCount: 0 }
    this.#matches.set(source, made)
    return made
  }
}
