// Random messages of Kafka's protocol, made from the definitions. For tests.

import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { absentOf } from './emit-fields.ts'
import { parseSchema } from './parse-schema.ts'
import type { ApiSchema, Field, VersionRange } from './schema.ts'

const definitions = resolve(import.meta.dirname, '../../../packages/protocol/src/kafka/definitions')

export const schemas: readonly ApiSchema[] = readdirSync(definitions).map((file) =>
  parseSchema(readFileSync(`${definitions}/${file}`, 'utf8')),
)

/** What fields hold: by their types, and some by their names. */
export type FieldValues = Readonly<Record<string, fc.Arbitrary<unknown>>>

const isIn = (range: VersionRange | undefined, version: number): boolean =>
  range !== undefined && version >= range.from && version <= range.to

const absentValues: Readonly<Record<string, unknown>> = {
  "''": '',
  '[]': [],
  zeroUuid: '0'.repeat(32),
  noBytes: new Uint8Array(0),
  undefined,
}

/** What a reader gives for a field that the version does not have. */
function absent(field: Field): unknown {
  const text = absentOf(field)
  return text in absentValues ? absentValues[text] : JSON.parse(text)
}

export function messageValues(
  fields: readonly Field[],
  version: number,
  values: FieldValues,
): fc.Arbitrary<Record<string, unknown>> {
  const each = fields.map((field) => [field.name, fieldValue(field, version, values)])
  return fc.record(Object.fromEntries(each) as Record<string, fc.Arbitrary<unknown>>, {
    noNullPrototype: true,
  })
}

function fieldValue(field: Field, version: number, values: FieldValues): fc.Arbitrary<unknown> {
  if (!isIn(field.versions, version)) return fc.constant(absent(field))
  const named = values[field.name]
  if (named !== undefined) return named
  const inner = messageValues(field.fields, version, values)
  const some =
    field.type === '[]'
      ? fc.array(inner, { maxLength: 3 })
      : field.type === 'struct'
        ? inner
        : values[field.type]!
  if (field.type === 'struct' && field.tag !== undefined) return fc.option(some, { nil: undefined })
  return isIn(field.nullable, version) ? fc.option(some) : some
}
