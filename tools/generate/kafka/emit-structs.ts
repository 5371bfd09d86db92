// The interface, the reader and the writer of one struct, and of those inside it.

import {
  absentOf,
  conditionOf,
  isOptional,
  readExpression,
  structName,
  typeOf,
  writeStatement,
} from './emit-fields.ts'
import type { Scope } from './emit-fields.ts'
import type { ApiSchema, Field, VersionRange } from './schema.ts'

export interface Struct {
  readonly name: string
  readonly fields: readonly Field[]
  /** The versions in which it is there at all. */
  readonly versions: VersionRange
  /** The broker sends it: what has a default may be left out. */
  readonly isWritten: boolean
}

/** Inner structs first. */
export function structsOf(struct: Struct): Struct[] {
  const inner = struct.fields
    .filter(({ type }) => type === '[]' || type === 'struct')
    .flatMap((field) =>
      structsOf({
        ...struct,
        name: structName(struct.name, field),
        fields: field.fields,
        versions: field.versions,
      }),
    )
  return [...inner, struct]
}

export function emitInterface({ name, fields, isWritten }: Struct): string {
  const rows = fields.map((field) => {
    const mark = isOptional(field, isWritten) ? '?' : ''
    const orAbsent = mark === '' ? '' : ' | undefined'
    return `  readonly ${field.name}${mark}: ${typeOf(name, field, isWritten)}${orAbsent}`
  })
  return `export interface ${name} {\n${rows.join('\n')}\n}`
}

export function emitReader(struct: Struct, schema: ApiSchema): string {
  const { name, fields } = struct
  const scope = scopeOf(struct, schema)
  const plain = fields.filter(({ tag }) => tag === undefined)
  const tagged = fields.filter(({ tag }) => tag !== undefined)
  const lines = plain.flatMap((field) => readLines(field, scope))
  if (schema.flexibleFrom <= struct.versions.to) lines.push(...taggedLines(tagged, scope))
  const version = versionParameter(lines, schema)
  const head = `function read${name}(reader: KafkaReader, ${version}: number): ${name} {`
  return [
    head,
    ...compactLine(lines, schema),
    ...indent(lines),
    `  return { ${fields.map((field) => field.name).join(', ')} }`,
    '}',
  ].join('\n')
}

export function emitWriter(struct: Struct, schema: ApiSchema): string {
  const { name, fields } = struct
  const scope = scopeOf(struct, schema)
  const lines = fields
    .filter(({ tag }) => tag === undefined)
    .flatMap((field) => writeLines(field, scope, struct.isWritten))
  const tagged = fields.filter(({ tag }) => tag !== undefined)
  if (schema.flexibleFrom <= struct.versions.to) lines.push(...writeTaggedLines(tagged, scope))
  const version = versionParameter(lines, schema)
  const head = `function write${name}(writer: KafkaWriter, value: ${name}, ${version}: number): void {`
  return [head, ...compactLine(lines, schema), ...indent(lines), '}'].join('\n')
}

function scopeOf({ name, versions }: Struct, { flexibleFrom, versions: all }: ApiSchema): Scope {
  const last = Math.min(versions.to, all.to)
  const compact = flexibleFrom > last ? 'false' : flexibleFrom <= versions.from ? 'true' : 'isCompact'
  return { owner: name, versions, compact }
}

/** Why it is there even where nothing looks at it: those who call need not know which struct does. */
function versionParameter(lines: readonly string[], schema: ApiSchema): string {
  const isUsed = lines.some((line) => /\bversion\b/.test(line)) || compactLine(lines, schema).length > 0
  return isUsed ? 'version' : '_version'
}

function compactLine(lines: readonly string[], { flexibleFrom }: ApiSchema): string[] {
  const isUsed = lines.some((line) => /\bisCompact\b/.test(line))
  return isUsed ? [`  const isCompact = version >= ${flexibleFrom}`] : []
}

function readLines(field: Field, scope: Scope): string[] {
  const condition = conditionOf(field.versions, scope.versions)
  const type = typeOf(scope.owner, field, false)
  if (field.type === '[]') return readArrayLines(field, scope, condition)
  if (field.type === 'struct') {
    const read = `read${structName(scope.owner, field)}(reader, version)`
    return [
      `const ${field.name} = ${field.nullable === undefined ? read : `reader.isPresent() ? ${read} : null`}`,
    ]
  }
  const read = readExpression(field, scope)
  if (condition === undefined) return [`const ${field.name} = ${read}`]
  return [`const ${field.name}: ${type} = ${condition} ? (${read}) : ${absentOf(field)}`]
}

function readArrayLines(field: Field, scope: Scope, condition: string | undefined): string[] {
  const element = structName(scope.owner, field)
  const push = `${field.name}.push(read${element}(reader, version))`
  if (field.nullable === undefined) {
    const loop = `for (let left = reader.countOfSome(${scope.compact}); left > 0; left--) ${push}`
    return [`const ${field.name}: ${element}[] = []`, ...guarded(condition, [loop])]
  }
  const nulls = conditionOf(field.nullable, field.versions)
  const counted =
    nulls === undefined
      ? `reader.count(${scope.compact})`
      : `${nulls} ? reader.count(${scope.compact}) : reader.countOfSome(${scope.compact})`
  const body = [
    `const count = ${counted}`,
    `${field.name} = count < 0 ? null : []`,
    `if (${field.name} !== null) for (let left = count; left > 0; left--) ${push}`,
  ]
  return [
    `let ${field.name}: ${element}[] | null = null`,
    ...(condition === undefined ? ['{', ...indent(body), '}'] : guarded(condition, body)),
  ]
}

function taggedLines(fields: readonly Field[], scope: Scope): string[] {
  const known = fields.map(
    (field) =>
      `let ${field.name}: ${typeOf(scope.owner, field, false)}${orAbsent(field)} = ${absentOf(field)}`,
  )
  if (fields.length === 0) return guarded(flexibleCondition(scope), ['reader.skipTagged()'])
  const cases = fields.flatMap((field) => {
    const guard = field.versions.from > scope.versions.from ? ` && version >= ${field.versions.from}` : ''
    return [`if (tag === ${field.tag}${guard}) ${readTagged(field, scope)}`]
  })
  const loop = [
    'for (let left = reader.taggedCount(); left > 0; left--) {',
    '  const tag = reader.uvarint()',
    '  const end = reader.taggedEnd()',
    ...indent(cases.map((line, index) => (index === 0 ? line : `else ${line}`))),
    '  else reader.position = end',
    '  reader.endTagged(end)',
    '}',
  ]
  return [...known, ...guarded(flexibleCondition(scope), loop)]
}

function orAbsent(field: Field): string {
  return isOptional(field, false) ? ' | undefined' : ''
}

function readTagged(field: Field, scope: Scope): string {
  const element = structName(scope.owner, field)
  if (field.type === 'struct') return `${field.name} = read${element}(reader, version)`
  if (field.type === '[]') return `${field.name} = readAll(reader, version, read${element})`
  return `${field.name} = ${readExpression(field, { ...scope, compact: 'true' })}`
}

function flexibleCondition(scope: Scope): string | undefined {
  return scope.compact === 'isCompact' ? 'isCompact' : undefined
}

function writeLines(field: Field, scope: Scope, isWritten: boolean): string[] {
  const condition = conditionOf(field.versions, scope.versions)
  const own = `value.${field.name}`
  const value = isOptional(field, isWritten) ? `${own} ?? ${absentOf(field)}` : own
  if (field.type === '[]') return guarded(condition, writeArrayLines(field, scope, own))
  if (field.type === 'struct') {
    const write = `write${structName(scope.owner, field)}(writer, ${own}, version)`
    if (field.nullable === undefined) return guarded(condition, [write])
    return guarded(condition, [`writer.i8(${own} === null ? -1 : 1)`, `if (${own} !== null) ${write}`])
  }
  return guarded(condition, writeStatement(field, value, scope).split('\n'))
}

function writeArrayLines(field: Field, scope: Scope, value: string): string[] {
  const write = `write${structName(scope.owner, field)}(writer, element, version)`
  if (field.nullable === undefined)
    return [`writer.count(${value}.length, ${scope.compact})`, `for (const element of ${value}) ${write}`]
  return [
    `writer.count(${value} === null ? -1 : ${value}.length, ${scope.compact})`,
    `if (${value} !== null) for (const element of ${value}) ${write}`,
  ]
}

/** Fields that say what their absence says are left out. */
function writeTaggedLines(fields: readonly Field[], scope: Scope): string[] {
  if (fields.length === 0) return guarded(flexibleCondition(scope), ['writer.uvarint(0)'])
  const lines = [`const tagged: [number, Uint8Array][] = []`]
  for (const field of fields) {
    const own = `value.${field.name}`
    const isThere =
      field.type === 'struct'
        ? `${own} !== undefined`
        : field.type === '[]'
          ? `${own} !== undefined && ${own}.length > 0`
          : `${own} !== undefined && ${own} !== ${absentOf(field)}`
    const isIn = field.versions.from > scope.versions.from ? `version >= ${field.versions.from} && ` : ''
    lines.push(
      `if (${isIn}${isThere})`,
      `  tagged.push([${field.tag}, taggedBytes((writer) => ${writeTagged(field, scope, own)})])`,
    )
  }
  lines.push('writer.uvarint(tagged.length)', 'for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)')
  const condition = flexibleCondition(scope)
  return condition === undefined ? ['{', ...indent(lines), '}'] : guarded(condition, lines)
}

function writeTagged(field: Field, scope: Scope, value: string): string {
  const element = structName(scope.owner, field)
  if (field.type === 'struct') return `write${element}(writer, ${value}!, version)`
  if (field.type === '[]') return `writeAll(writer, ${value}!, version, write${element})`
  return writeStatement({ ...field, nullable: undefined }, `${value}!`, { ...scope, compact: 'true' })
}

function guarded(condition: string | undefined, lines: readonly string[]): string[] {
  if (condition === undefined) return [...lines]
  return [`if (${condition}) {`, ...indent(lines), '}']
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
