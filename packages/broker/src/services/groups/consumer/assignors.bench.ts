// What an assignment costs: of a new group, of one where nothing changed, and of one that a member joined.
// Run: node packages/broker/src/services/groups/consumer/assignors.bench.ts
// Prints milliseconds for 1000 members and 10 000 partitions, and the ratio to the first row.

import { assignors } from './assignors.ts'
import type { AssignableMember, Assignor, PartitionSets } from './assignors.ts'

const memberCount = 1000
const none: PartitionSets = new Map()
let base = 0

function memberOf(index: number, streamIds: ReadonlySet<number>, current: PartitionSets): AssignableMember {
  return { memberId: `member-${index}`, instanceId: null, streamIds, current }
}

function report(name: string, measure: () => unknown): void {
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const startedAt = process.hrtime.bigint()
    measure()
    best = Math.min(best, Number(process.hrtime.bigint() - startedAt) / 1e6)
  }
  base ||= best
  console.log(`${name.padEnd(58)} ${best.toFixed(1).padStart(6)} ms   ${(best / base).toFixed(2)}x`)
}

/** A set of its own for every member, as each says it in its own request. */
function subscribe(streamCount: number, isAlike: boolean): ReadonlySet<number>[] {
  const all = Array.from({ length: streamCount }, (_, index) => index)
  const kept = (member: number, stream: number): boolean => isAlike || (member * 31 + stream * 17) % 3 > 0
  return Array.from({ length: memberCount }, (_, member) => new Set(all.filter((id) => kept(member, id))))
}

function run(name: string, assign: Assignor, streamCount: number, isAlike: boolean): void {
  const subscriptions = subscribe(streamCount, isAlike)
  const counts = new Map(Array.from({ length: streamCount }, (_, id) => [id, 10_000 / streamCount]))
  const members = (of: ReadonlyMap<string, PartitionSets>): AssignableMember[] =>
    subscriptions.map((ids, index) => memberOf(index, ids, of.get(`member-${index}`) ?? none))
  const first = assign(members(new Map()), counts)
  const settled = members(first)
  const shrunk = settled.slice(0, -1)
  const afterLeave = assign(shrunk, counts)
  const joined = members(afterLeave)
  const half = members(assign(settled.slice(0, memberCount / 2), counts))
  report(`${name}: new`, () => assign(members(new Map()), counts))
  report(`${name}: nothing changed`, () => assign(settled, counts))
  report(`${name}: one left`, () => assign(shrunk, counts))
  report(`${name}: one joined`, () => assign(joined, counts))
  report(`${name}: as many again joined`, () => assign(half, counts))
}

for (const kind of ['uniform', 'range'] as const) {
  for (const streamCount of [10, 1000]) {
    for (const isAlike of [true, false]) {
      const who = isAlike ? 'the same' : 'differing'
      run(`${kind}, ${streamCount} streams, ${who} subscriptions`, assignors[kind], streamCount, isAlike)
    }
  }
}
