// What one field becomes in TypeScript: its type, how it is read, how it is written.

import { covers } from './schema.ts'
import type { Field, VersionRange } from './schema.ts'

export interface Scope {
  /** Name of the struct that has the field. */
  readonly owner: string
  /** The versions in which that struct is there at all. */
  readonly versions: VersionRange
  /** `isCompact`, or `false` where no version is flexible, `true` where all are. */
  readonly compact: string
}

const zeroOf: Readonly<Record<Field['type'], string>> = {
  bool: 'false',
  int8: '0',
  int16: '0',
  int32: '0',
  int64: '0',
  uuid: 'zeroUuid',
  string: "''",
  bytes: 'noBytes',
  records: 'noBytes',
  '[]int32': '[]',
  '[]string': '[]',
  '[]': '[]',
  struct: 'undefined',
}

const plainTypes: Readonly<Record<string, string>> = {
  bool: 'boolean',
  int8: 'number',
  int16: 'number',
  int32: 'number',
  int64: 'number',
  uuid: 'string',
  string: 'string',
  bytes: 'Uint8Array',
  '[]int32': 'readonly number[]',
  '[]string': 'readonly string[]',
}

/** Reader and writer methods by type; `c` takes whether the encoding is compact. */
const methods: Readonly<
  Record<string, { read: string; readNullable?: string; write: string; writeNullable?: string; c?: true }>
> = {
  bool: { read: 'bool', write: 'bool' },
  int8: { read: 'i8', write: 'i8' },
  int16: { read: 'i16', write: 'i16' },
  int32: { read: 'i32', write: 'i32' },
  int64: { read: 'i64', write: 'i64' },
  uuid: { read: 'uuid', write: 'uuid' },
  string: {
    read: 'string',
    readNullable: 'nullableString',
    write: 'string',
    writeNullable: 'nullableString',
    c: true,
  },
  bytes: {
    read: 'byteString',
    readNullable: 'nullableByteString',
    write: 'byteString',
    writeNullable: 'nullableByteString',
    c: true,
  },
  records: {
    read: 'byteString',
    readNullable: 'nullableByteString',
    write: 'records',
    writeNullable: 'records',
    c: true,
  },
  '[]int32': {
    read: 'int32s',
    readNullable: 'nullableInt32s',
    write: 'int32s',
    writeNullable: 'int32s',
    c: true,
  },
  '[]string': {
    read: 'strings',
    readNullable: 'nullableStrings',
    write: 'strings',
    writeNullable: 'strings',
    c: true,
  },
}

export function structName(owner: string, { name, type }: Field): string {
  const pascal = name[0]!.toUpperCase() + name.slice(1)
  return owner + (type === '[]' ? pascal.replace(/s$/, '') : pascal)
}

/** The zero of a field that a message of some version does not have. */
export function absentOf(field: Field): string {
  if (field.fallback !== undefined) return field.fallback
  return field.nullable === undefined ? zeroOf[field.type] : 'null'
}

export function typeOf(owner: string, field: Field, isWritten: boolean): string {
  const orNull = field.nullable === undefined ? '' : ' | null'
  if (field.type === '[]') return `readonly ${structName(owner, field)}[]${orNull}`
  if (field.type === 'struct') return `${structName(owner, field)}${orNull}`
  if (field.type === 'records') return `${isWritten ? 'RecordSlices' : 'Uint8Array'}${orNull}`
  return plainTypes[field.type]! + orNull
}

/** Structs with a tag are left out where they are absent; so may be what has a default, if it is written. */
export function isOptional(field: Field, isWritten: boolean): boolean {
  if (field.type === 'struct' && field.nullable === undefined) return field.tag !== undefined
  return isWritten && (field.tag !== undefined || field.fallback !== undefined)
}

/** `version >= 3`, or undefined where the range says nothing new. */
export function conditionOf(range: VersionRange, within: VersionRange): string | undefined {
  if (covers(range, within)) return undefined
  const parts: string[] = []
  if (range.from > within.from) parts.push(`version >= ${range.from}`)
  if (range.to < within.to) parts.push(`version <= ${range.to}`)
  return parts.join(' && ')
}

/** An expression that reads a field that has no fields of its own. */
export function readExpression(field: Field, scope: Scope): string {
  const method = methods[field.type]!
  const argument = method.c === true ? scope.compact : ''
  const plain = `reader.${method.read}(${argument})`
  if (field.nullable === undefined) return plain
  const maybe = `reader.${method.readNullable!}(${argument})`
  const condition = conditionOf(field.nullable, field.versions)
  return condition === undefined ? maybe : `${condition} ? ${maybe} : ${plain}`
}

/** A statement that writes a field that has no fields of its own. */
export function writeStatement(field: Field, value: string, scope: Scope): string {
  const method = methods[field.type]!
  const compact = method.c === true ? `, ${scope.compact}` : ''
  if (field.nullable === undefined) return `writer.${method.write}(${value}${compact})`
  const maybe = `writer.${method.writeNullable!}(${value}${compact})`
  const condition = conditionOf(field.nullable, field.versions)
  if (condition === undefined) return maybe
  const plain = `writer.${method.write}(${value} ?? ${zeroOf[field.type]}${compact})`
  return `if (${condition}) ${maybe}\nelse ${plain}`
}
