// Percentiles by nearest rank. Pure.

/** The smallest value that at least `share` of the values do not exceed; NaN when there is none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!
}
