// A group whose members come and go while records are sent to the partitions of its topic.

import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import type { GroupMember, Membership } from './kafka-client.ts'
import { newTopic, numbered } from './scenario.ts'
import type { Ground } from './scenario.ts'
import { until, within } from './waiting.ts'

const PARTITIONS = 6
const PAUSE_MS = 20
const ROUNDS_MIN = 200

export class LoadedGroup {
  readonly group: string
  readonly #ground: Ground
  readonly #topic: string
  readonly #perRound: number
  readonly #members: GroupMember[] = []
  readonly #everyone: GroupMember[] = []
  readonly #load: Promise<void>
  #sent = 0
  /** Before the load may end. */
  #sentMin: number
  #isEnding = false

  private constructor(ground: Ground, topic: string) {
    this.group = `group-of-${topic}`
    this.#ground = ground
    this.#topic = topic
    this.#perRound = ground.length === 'long' ? 102 : 18
    this.#sentMin = this.#perRound * ROUNDS_MIN
    this.#load = this.#feed()
    // Heard of when the load ends.
    this.#load.catch(() => {})
  }

  /** Ends, with its members, when the test does. */
  static async open(ground: Ground, test: TestContext): Promise<LoadedGroup> {
    const group = new LoadedGroup(ground, await newTopic(ground, PARTITIONS))
    test.after(async () => {
      group.#isEnding = true
      group.#sentMin = 0
      await Promise.allSettled([group.#load, ...group.#members.map((member) => member.leave())])
    })
    return group
  }

  async join(sharing: Partial<Membership> = {}): Promise<GroupMember> {
    const member = await this.#ground.client.join!({ group: this.group, topic: this.#topic, ...sharing })
    this.#members.push(member)
    this.#everyone.push(member)
    return member
  }

  async leave(member: GroupMember): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1)
    await member.leave()
  }

  /** Until each partition has one member, and each member as many as the others, and goes on reading. */
  async settle(): Promise<void> {
    const share = PARTITIONS / this.#members.length
    const owned = (): number[] => this.#members.flatMap(({ partitions }) => partitions)
    await until(
      () =>
        new Set(owned()).size === PARTITIONS &&
        this.#members.every(({ partitions }) => partitions.length === share),
      () => this.#said(),
    )
    const before = this.#members.map(({ seen }) => seen.length)
    await until(
      () => this.#members.every(({ seen }, index) => seen.length > before[index]!),
      () => this.#said(),
    )
  }

  /** Until every record that was sent is seen. */
  async end(): Promise<void> {
    this.#isEnding = true
    await within(120_000, 'sending', this.#load)
    await until(
      () => this.#missing().length === 0,
      () => `of ${this.#sent}, ${this.#said()}; missing: ${this.#missing().slice(0, 100).join(' ')}`,
      120_000,
    )
  }

  async #feed(): Promise<void> {
    while (!this.#isEnding || this.#sent < this.#sentMin) {
      const records = numbered(this.#perRound, this.#sent)
      await this.#ground.client.produce(
        this.#topic,
        records.map((record, index) => ({ ...record, partition: index % PARTITIONS })),
        { isIdempotent: !this.#ground.client.lacks.includes('idempotence') },
      )
      this.#sent += this.#perRound
      await sleep(PAUSE_MS)
    }
  }

  #missing(): string[] {
    const seen = new Set(this.#everyone.flatMap((member) => member.seen.map(({ value }) => value)))
    const sent = Array.from({ length: this.#sent }, (_, index) => String(index))
    return sent.filter((value) => !seen.has(value))
  }

  #said(): string {
    const each = this.#members.map(
      ({ seen, partitions }) => `${seen.length} seen of [${partitions.join(' ')}]`,
    )
    return each.join(', ')
  }
}
