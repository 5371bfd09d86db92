// All members get as many partitions as each other, or as near to it as what they subscribe to allows, and
// keep what they have where that does not stand in the way.
//
// Members keep what is theirs. What nobody has goes to whoever subscribes to it and has least. Then, from the
// member that has most downwards, one partition at a time is handed on: to a member that has at least two
// less, or to one between that hands on another in its turn. When no such way is left, no other assignment
// is more even.

import type { AssignableMember, PartitionSets } from './assignor.ts'
import { readSubscriptions } from './subscriptions.ts'
import type { SubscribedStream, SubscriberClass } from './subscriptions.ts'

/** Members and streams looked at in search of who may take a partition; beyond it the answer is less even. */
const searchStepsMax = 20_000_000

export function assignUniformly(
  members: readonly AssignableMember[],
  partitionCounts: ReadonlyMap<number, number>,
): Map<string, PartitionSets> {
  const sorted = members.toSorted((one, other) => (one.memberId < other.memberId ? -1 : 1))
  return new Uniform(sorted, partitionCounts).assign()
}

interface Hop {
  readonly from: number
  readonly stream: number
}

class Uniform {
  readonly #members: readonly AssignableMember[]
  readonly #classes: readonly SubscriberClass[]
  readonly #classOf: Int32Array
  readonly #streams: readonly SubscribedStream[]
  /** By stream and partition; -1: nobody yet. */
  readonly #owners: readonly Int32Array[]
  /** By member and stream; what it had before comes first, and what it got last is handed on first. */
  readonly #held: readonly Map<number, number[]>[]
  readonly #loads: Int32Array
  /** Classes between which nothing is to be gained any more. */
  readonly #isEven: Uint8Array
  #stepsLeft = searchStepsMax

  constructor(members: readonly AssignableMember[], partitionCounts: ReadonlyMap<number, number>) {
    const { classes, streams } = readSubscriptions(members, partitionCounts)
    this.#members = members
    this.#classes = classes
    this.#streams = streams
    this.#classOf = new Int32Array(members.length)
    for (const { index, members: indexes } of classes) for (const of of indexes) this.#classOf[of] = index
    this.#owners = streams.map(({ partitionCount }) => new Int32Array(partitionCount).fill(-1))
    this.#held = members.map(() => new Map())
    this.#loads = new Int32Array(members.length)
    this.#isEven = new Uint8Array(classes.length)
  }

  assign(): Map<string, PartitionSets> {
    this.#keep()
    this.#deal()
    // Why twice: ways over other members are long to find, and rare when all have given what they could.
    this.#level(false)
    this.#level(true)
    return new Map(this.#members.map(({ memberId }, member) => [memberId, this.#setsOf(member)]))
  }

  #keep(): void {
    const indexOf = new Map(this.#streams.map(({ streamId }, index) => [streamId, index]))
    for (const [member, { current, streamIds }] of this.#members.entries()) {
      for (const [streamId, partitions] of current) {
        const stream = indexOf.get(streamId)
        if (stream === undefined || !streamIds.has(streamId)) continue
        for (const partition of partitions) {
          if (this.#owners[stream]![partition] === -1) this.#give(member, stream, partition)
        }
      }
    }
  }

  /** Streams that few read come first: who reads others, too, gets less of those. */
  #deal(): void {
    const rounds = this.#classes.map(({ members }) => new Round(members, this.#loads))
    const order = this.#streams.map(({ classes }, stream) => {
      return { stream, subscriberCount: classes.reduce((sum, { members }) => sum + members.length, 0) }
    })
    for (const { stream } of order.toSorted((a, b) => a.subscriberCount - b.subscriberCount)) {
      const open = this.#streams[stream]!.classes.map(({ index }) => rounds[index]!)
      for (const [partition, owner] of this.#owners[stream]!.entries()) {
        if (owner === -1) this.#give(leastOf(open), stream, partition)
      }
    }
  }

  #level(isOverOthers: boolean): void {
    const { length } = this.#loads
    let load = this.#loads.reduce((most, each) => Math.max(most, each), 0)
    for (; load > 1; load--) {
      for (let member = 0; member < length; member++) {
        if (this.#loads[member] !== load || this.#isEven[this.#classOf[member]!] === 1) continue
        this.#relieve(member, isOverOthers)
      }
    }
  }

  /** Hands one partition of a member on, by the fewest hands; else all it can reach over others are even. */
  #relieve(member: number, isOverOthers: boolean): void {
    const hops = new Map<number, Hop>()
    const seen = new Set<number>()
    const queue = [member]
    for (const from of queue) {
      if (this.#stepsLeft-- <= 0) return
      for (const stream of this.#streamsToGive(from)) {
        if (seen.has(stream)) continue
        seen.add(stream)
        const { classes } = this.#streams[stream]!
        // Why not always from the first: the first would be given to until they have nearly as much.
        const start = Math.abs(this.#loads[member]! * 31 + member) % classes.length
        for (let step = 0; step < classes.length; step++) {
          const { index, members } = classes[(start + step) % classes.length]!
          this.#stepsLeft--
          if (hops.has(index) || this.#isEven[index] === 1) continue
          hops.set(index, { from, stream })
          const least = this.#leastLoaded(members)
          if (this.#loads[least]! < this.#loads[member]! - 1) return this.#handOn(least, member, hops)
          if (isOverOthers) for (const next of members) if (next !== member) queue.push(next)
        }
      }
    }
    if (isOverOthers) for (const index of hops.keys()) this.#isEven[index] = 1
  }

  /** First what it has most of; of equals not the same as its neighbours, so that takers get some of each. */
  #streamsToGive(member: number): number[] {
    let [best, bestCount, bestOrder] = [-1, 0, 0]
    for (const [stream, { length }] of this.#held[member]!) {
      if (length < bestCount) continue
      const order = Math.imul(stream + member, 0x9e3779b1)
      if (length === bestCount && order <= bestOrder) continue
      best = stream
      bestCount = length
      bestOrder = order
    }
    return best < 0 ? [] : [best, ...this.#held[member]!.keys()]
  }

  #leastLoaded(members: readonly number[]): number {
    this.#stepsLeft -= members.length
    let least = members[0]!
    for (const member of members) if (this.#loads[member]! < this.#loads[least]!) least = member
    return least
  }

  #handOn(last: number, first: number, hops: ReadonlyMap<number, Hop>): void {
    for (let to = last; to !== first;) {
      const { from, stream } = hops.get(this.#classOf[to]!)!
      const partitions = this.#held[from]!.get(stream)!
      const partition = partitions.pop()!
      if (partitions.length === 0) this.#held[from]!.delete(stream)
      this.#loads[from]!--
      this.#give(to, stream, partition)
      to = from
    }
  }

  #give(member: number, stream: number, partition: number): void {
    this.#owners[stream]![partition] = member
    this.#loads[member]!++
    const held = this.#held[member]!
    const partitions = held.get(stream)
    if (partitions === undefined) held.set(stream, [partition])
    else partitions.push(partition)
  }

  #setsOf(member: number): PartitionSets {
    const held = [...this.#held[member]!].toSorted((one, other) => one[0] - other[0])
    return new Map(
      held.map(([stream, partitions]) => {
        return [this.#streams[stream]!.streamId, partitions.toSorted((a, b) => a - b)]
      }),
    )
  }
}

function leastOf(rounds: readonly Round[]): number {
  let least = rounds[0]!
  least.advance()
  for (const round of rounds) {
    round.advance()
    if (round.level < least.level) least = round
  }
  return least.member
}

/** The members of a class in turn, those that have least first; loads only grow meanwhile. */
class Round {
  level = 0
  readonly #members: readonly number[]
  readonly #loads: Int32Array
  #place = 0

  constructor(members: readonly number[], loads: Int32Array) {
    this.#members = members
    this.#loads = loads
  }

  /** To the next one that has no more than the level, which rises with every time around. */
  advance(): void {
    while (this.#loads[this.member]! > this.level) {
      if (++this.#place < this.#members.length) continue
      this.#place = 0
      this.level = this.#members.reduce((least, member) => Math.min(least, this.#loads[member]!), Infinity)
    }
  }

  get member(): number {
    return this.#members[this.#place]!
  }
}
