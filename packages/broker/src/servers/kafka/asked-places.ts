// What a request asks about, each thing once: an answer is to be as large as what there is to tell, not as
// often as it was named.

/** The first of those that have the same key. */
export function distinctBy<T>(asked: readonly T[], keyOf: (one: T) => string): T[] {
  const byKey = new Map<string, T>()
  for (const one of asked) {
    const key = keyOf(one)
    if (!byKey.has(key)) byKey.set(key, one)
  }
  return [...byKey.values()]
}

/** The partitions of each topic, in the order in which they were named first. */
export function distinctPlaces<T extends { readonly name: string }>(
  asked: readonly T[],
  partitionsOf: (one: T) => readonly number[],
): { readonly name: string; readonly partitions: readonly number[] }[] {
  const byName = new Map<string, Set<number>>()
  for (const one of asked) {
    const partitions = byName.get(one.name) ?? new Set()
    byName.set(one.name, partitions)
    for (const partition of partitionsOf(one)) partitions.add(partition)
  }
  return Array.from(byName, ([name, partitions]) => ({ name, partitions: [...partitions] }))
}
