// What is said of a configuration property. Everything that needs to know properties reads it from here:
// checks, names in the environment, flags, and the page in docs/operating.

export interface Property {
  /** `count`: an integer, or `auto`. */
  readonly kind: 'integer' | 'count' | 'text' | 'choice'
  /** One sentence for people, in Markdown without tables. */
  readonly doc: string
  readonly default: number | string
  /** Of an integer or a count. */
  readonly min?: number
  readonly max?: number
  /** Of a choice. */
  readonly choices?: readonly string[]
  /** Whether a change takes effect only after a restart. */
  readonly needsRestart: boolean
  /** `user` everyone, `tuning` who has measured. */
  readonly audience: 'user' | 'tuning'
}

/** `segmentBytes` → `SLUICE_SEGMENT_BYTES` */
export function environmentName(property: string): string {
  return `SLUICE_${property.replaceAll(/([A-Z])/g, '_$1').toUpperCase()}`
}

/** `segmentBytes` → `--segment-bytes` */
export function flagName(property: string): string {
  return `--${property.replaceAll(/([A-Z])/g, (capital) => `-${capital.toLowerCase()}`)}`
}
