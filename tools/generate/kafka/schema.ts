// A definition of one of Kafka's requests, as read from packages/protocol/src/kafka/definitions.

/** `to` is Infinity where there is no end yet. */
export interface VersionRange {
  readonly from: number
  readonly to: number
}

export type FieldType =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'
  | '[]int32'
  | '[]string'
  | '[]'
  | 'struct'

export const fieldTypes: readonly FieldType[] = [
  'bool',
  'int8',
  'int16',
  'int32',
  'int64',
  'uuid',
  'string',
  'bytes',
  'records',
  '[]int32',
  '[]string',
  '[]',
  'struct',
]

export interface Field {
  readonly name: string
  readonly type: FieldType
  /** The versions that have it. */
  readonly versions: VersionRange
  /** The versions in which it may be null; undefined: none. */
  readonly nullable: VersionRange | undefined
  /** Undefined: it stands in its place. */
  readonly tag: number | undefined
  /** As it is written in TypeScript; undefined: the type's own. */
  readonly fallback: string | undefined
  /** Of `[]` and `struct`. */
  readonly fields: readonly Field[]
}

export interface ApiSchema {
  readonly name: string
  readonly key: number
  /** What it is for, as a sentence or two. */
  readonly doc: string
  readonly versions: VersionRange
  /** The first version that the broker says it takes; below `versions` it answers UNSUPPORTED_VERSION. */
  readonly advertisedFrom: number
  /** First version with compact encodings and tagged fields; Infinity: none. */
  readonly flexibleFrom: number
  readonly request: readonly Field[]
  readonly response: readonly Field[]
}

/** Whether every version of the outer range is in the inner one. */
export function covers(inner: VersionRange, outer: VersionRange): boolean {
  return inner.from <= outer.from && inner.to >= outer.to
}
