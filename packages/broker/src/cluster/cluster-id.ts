// What tells this broker's data from any other's: made at its first start, and kept in the catalog.

import type { Random } from '../io/io.ts'
import type { Metadata } from './metadata.ts'

const key = 'cluster-id'

/** 16 hexadecimal digits, not all zero. */
export async function clusterIdOf(metadata: Metadata, random: Random): Promise<string> {
  const entry = await metadata.get(key)
  if (entry !== undefined) return JSON.parse(entry.value) as string
  const made = digitsOf(random.u32()) + digitsOf(random.u32() || 1)
  const compares = [{ key, revision: 0 }]
  const { succeeded } = await metadata.commit({ compares, puts: [{ key, value: JSON.stringify(made) }] })
  return succeeded ? made : clusterIdOf(metadata, random)
}

function digitsOf(value: number): string {
  return value.toString(16).padStart(8, '0')
}
