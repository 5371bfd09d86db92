// What a heartbeat that changes nothing costs the state of a group: time, and bytes that are allocated.
// Run: node packages/broker/src/services/groups/consumer/consumer-heartbeat.bench.ts
// Prints nanoseconds and bytes a heartbeat, and the ratio of the time to the first row.

import { TopicDirectory } from '../topic-directory.ts'
import { ConsumerGroupState } from './consumer-group-state.ts'
import { consumerHeartbeat } from './consumer-heartbeat.ts'
import type { ConsumerHeartbeat } from '../consumer-messages.ts'
import { noPartitions } from '../partition-sets.ts'

const rounds = 5
/** Few enough that nothing is collected meanwhile: what the heap grows by is what was allocated. */
const measuredCount = 20_000
/** When a large group has rested from assigning. */
const laterMs = 1000
const warmCount = 200_000

let base = 0

function groupOf(memberCount: number, partitionCount: number): [ConsumerGroupState, ConsumerHeartbeat[]] {
  const topics = new TopicDirectory()
  topics.put({ id: 1, name: 'orders', partitionCount })
  const bounds = {
    membersMax: memberCount,
    membersBytesMax: 100_000_000,
    sessionTimeoutMs: 45_000,
    heartbeatIntervalMs: 5000,
  }
  const state = new ConsumerGroupState(bounds, topics)
  const ids = Array.from({ length: memberCount }, (_, index) => `member-${index}`)
  for (const id of ids) consumerHeartbeat(state, joinOf(id), '', 0)
  // Why twice: those that came first give up what the others are to have.
  for (const isOwning of [true, false]) {
    for (const id of ids) {
      const { epoch, assigned } = state.members.get(id)!
      consumerHeartbeat(state, { ...idleOf(id, epoch), owned: isOwning ? assigned : null }, '', laterMs)
      const told = state.members.get(id)!
      consumerHeartbeat(state, { ...idleOf(id, told.epoch), owned: told.assigned }, '', laterMs)
    }
  }
  if (state.phase !== 'Stable') throw new Error(`The group is ${state.phase}`)
  state.takeChange()
  return [state, ids.map((id) => idleOf(id, state.epoch))]
}

function joinOf(memberId: string): ConsumerHeartbeat {
  const idle = idleOf(memberId, 0)
  return { ...idle, rebalanceTimeoutMs: 300_000, topics: ['orders'], owned: noPartitions }
}

function idleOf(memberId: string, epoch: number): ConsumerHeartbeat {
  return {
    memberId,
    instanceId: null,
    epoch,
    clientId: 'consumer-1',
    clientHost: '/127.0.0.1',
    rackId: null,
    rebalanceTimeoutMs: -1,
    topics: null,
    pattern: null,
    assignor: null,
    owned: null,
    isIdRequired: true,
  }
}

function beat(state: ConsumerGroupState, requests: readonly ConsumerHeartbeat[], count: number): void {
  for (let index = 0; index < count; index++) {
    const { error, assigned } = consumerHeartbeat(state, requests[index % requests.length]!, '', index)
    if (error !== 'none' || assigned !== null) throw new Error(`A heartbeat that changes nothing: ${error}`)
  }
  if (state.takeChange()) throw new Error('A heartbeat that changes nothing has changed the group')
}

function report(name: string, state: ConsumerGroupState, requests: readonly ConsumerHeartbeat[]): void {
  beat(state, requests, warmCount)
  let best = Infinity
  const grown: number[] = []
  for (let round = 0; round < rounds; round++) {
    const heapBefore = process.memoryUsage().heapUsed
    const startedAt = process.hrtime.bigint()
    beat(state, requests, measuredCount)
    best = Math.min(best, Number(process.hrtime.bigint() - startedAt) / measuredCount)
    grown.push(Math.max(0, process.memoryUsage().heapUsed - heapBefore) / measuredCount)
  }
  base ||= best
  const bytes = grown.toSorted((a, b) => a - b)[rounds >> 1]!
  const text = `${best.toFixed(0).padStart(6)} ns ${bytes.toFixed(0).padStart(6)} B`
  console.log(`${name.padEnd(58)} ${text}   ${(best / base).toFixed(2)}x`)
}

for (const [memberCount, partitionCount] of [
  [1, 10],
  [100, 1000],
  [1000, 10_000],
] as const) {
  report(`${memberCount} members of ${partitionCount} partitions`, ...groupOf(memberCount, partitionCount))
}
