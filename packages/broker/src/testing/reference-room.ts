// The deliveries of one flow consumer that are out, over all its partitions, and whether one more has room.

import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import type { ConfigsInForce } from './reference-configs.ts'
import type { ReferenceMember, Track } from './reference-track.ts'

export class ReferenceRoom {
  readonly outs = new Set<Track>()
  readonly members = new Set<ReferenceMember>()
  readonly #configs: ConfigsInForce
  readonly #isDoubtful: (track: Track, nowMs: number) => boolean

  /** `isDoubtful`: whether a delivery may have ended without anybody's knowing. */
  constructor(configs: ConfigsInForce, isDoubtful: (track: Track, nowMs: number) => boolean) {
    this.#configs = configs
    this.#isDoubtful = isDoubtful
  }

  /** Why a record of the subject has no room; each configuration that may be in force is asked. */
  fullFor(subject: string, nowMs: number): string | undefined {
    const outs = [...this.outs].filter((track) => !this.#isDoubtful(track, nowMs))
    let why: string | undefined
    for (const config of this.#configs.possible) {
      why = this.#fullGauge(config, subject, outs)
      if (why === undefined) return undefined
    }
    return why
  }

  #fullGauge(config: ConsumerConfig, subject: string, outs: readonly Track[]): string | undefined {
    const counts = new Map(this.#configs.gauges(config, subject).map(({ key }) => [key, 0]))
    for (const { message } of outs) {
      for (const { key } of this.#configs.gauges(config, message.subject)) {
        const count = counts.get(key)
        if (count !== undefined) counts.set(key, count + 1)
      }
    }
    for (const { key, limit } of this.#configs.gauges(config, subject)) {
      const count = counts.get(key)!
      if (count >= limit) return `${count} of ${key} are out, limit ${limit}`
    }
    return undefined
  }

  /** The delivery that a member's token means. */
  holderOf(partition: number, slot: number, sequence: number, member: ReferenceMember): Track | undefined {
    for (const track of this.outs) {
      const { out } = track
      const isIt = track.partition === partition && out?.slot === slot && out.sequence === sequence
      if (isIt && out.member === member) return track
    }
    return undefined
  }

  /** Whether a delivery would find a member. */
  hasMember(nowMs: number): boolean {
    return [...this.members].some((member) => member.pulled > 0 || this.heldBy(member, nowMs) < member.window)
  }

  /** Of some deliveries nobody knows whether they are out. */
  isDoubtful(nowMs: number): boolean {
    return [...this.outs].some((track) => this.#isDoubtful(track, nowMs))
  }

  heldBy(member: ReferenceMember, nowMs: number): number {
    let count = 0
    for (const track of this.outs)
      if (track.out?.member === member && !this.#isDoubtful(track, nowMs)) count++
    return count
  }
}
