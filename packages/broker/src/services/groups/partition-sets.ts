// Partitions of several streams: by stream id, each ascending, none empty. Never changed once made.

import type { PartitionSets } from './consumer/assignors.ts'

export type { PartitionSets } from './consumer/assignors.ts'

export const noPartitions: PartitionSets = new Map()

/** Sorted, and each once. */
export function partitionSets(rows: Iterable<readonly [number, Iterable<number>]>): PartitionSets {
  const sets = new Map<number, number[]>()
  for (const [streamId, partitions] of rows) {
    const known = sets.get(streamId) ?? []
    for (const partition of partitions) known.push(partition)
    if (known.length > 0) sets.set(streamId, known)
  }
  for (const [streamId, partitions] of sets)
    if (!isAscending(partitions)) sets.set(streamId, sorted(partitions))
  return sets
}

function isAscending(partitions: readonly number[]): boolean {
  for (let at = 1; at < partitions.length; at++) if (partitions[at - 1]! >= partitions[at]!) return false
  return true
}

/** Why an array of numbers alone: a client may name a million, and comparing one by one takes seconds. */
function sorted(partitions: readonly number[]): number[] {
  const distinct: number[] = []
  for (const partition of Float64Array.from(partitions).sort()) {
    if (partition !== distinct.at(-1)) distinct.push(partition)
  }
  return distinct
}

/** Those of one that pass. */
export function filtered(
  sets: PartitionSets,
  passes: (streamId: number, partition: number) => boolean,
): PartitionSets {
  const kept = new Map<number, readonly number[]>()
  for (const [streamId, partitions] of sets) {
    const left = partitions.filter((partition) => passes(streamId, partition))
    if (left.length > 0) kept.set(streamId, left)
  }
  return kept
}

export function intersection(one: PartitionSets, other: PartitionSets): PartitionSets {
  return filtered(one, (streamId, partition) => has(other, streamId, partition))
}

export function difference(one: PartitionSets, other: PartitionSets): PartitionSets {
  return filtered(one, (streamId, partition) => !has(other, streamId, partition))
}

export function union(one: PartitionSets, other: PartitionSets): PartitionSets {
  if (other.size === 0) return one
  return one.size === 0 ? other : partitionSets([...one, ...other])
}

export function overlap(one: PartitionSets, other: PartitionSets): boolean {
  for (const [streamId, partitions] of one) {
    if (partitions.some((partition) => has(other, streamId, partition))) return true
  }
  return false
}

export function isSubset(one: PartitionSets, other: PartitionSets): boolean {
  for (const [streamId, partitions] of one) {
    if (!partitions.every((partition) => has(other, streamId, partition))) return false
  }
  return true
}

export function areEqual(one: PartitionSets, other: PartitionSets): boolean {
  if (one === other) return true
  return one.size === other.size && countOf(one) === countOf(other) && isSubset(one, other)
}

export function countOf(sets: PartitionSets): number {
  let count = 0
  for (const partitions of sets.values()) count += partitions.length
  return count
}

export function has(sets: PartitionSets, streamId: number, partition: number): boolean {
  const partitions = sets.get(streamId)
  if (partitions === undefined) return false
  let low = 0
  let high = partitions.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = partitions[middle]!
    if (found === partition) return true
    if (found < partition) low = middle + 1
    else high = middle - 1
  }
  return false
}
