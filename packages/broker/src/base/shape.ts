// Checks values from outside against a schema and says in one sentence what is wrong, naming the property.

import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

interface Fault {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params: object
}

export class Shape<Schema extends TSchema> {
  readonly #check: { Check(value: unknown): boolean; Errors(value: unknown): readonly Fault[] }

  constructor(schema: Schema) {
    this.#check = Compile(schema)
  }

  matches(value: unknown): value is Static<Schema> {
    return this.#check.Check(value)
  }

  /** What is wrong with the value, without a full stop; undefined when nothing is. */
  faultOf(value: unknown): string | undefined {
    if (this.#check.Check(value)) return undefined
    const faults = this.#check.Errors(value)
    const unknown = faults.find(({ keyword }) => keyword === 'additionalProperties')
    if (unknown !== undefined) return `there is no property ${quoted(unknown, 'additionalProperties')}`
    const fault = faults.find(({ keyword }) => keyword !== 'const') ?? faults[0]
    if (fault === undefined) return 'it has the wrong shape'
    return describe(fault, faults)
  }
}

function describe(fault: Fault, faults: readonly Fault[]): string {
  const property = fault.instancePath.slice(1).replaceAll('/', '.')
  const subject = property === '' ? 'it' : `'${property}'`
  switch (fault.keyword) {
    case 'required':
      return `${property === '' ? '' : `${subject} `}lacks ${quoted(fault, 'requiredProperties')}`.trim()
    case 'anyOf':
      return `${subject} must be one of ${choices(faults, fault.instancePath).join(', ')}`
    default:
      return `${subject} ${fault.message}`
  }
}

function quoted(fault: Fault, list: string): string {
  const names = (fault.params as Record<string, readonly string[]>)[list] ?? []
  const place = fault.instancePath.slice(1).replaceAll('/', '.')
  return names.map((name) => `'${place === '' ? '' : `${place}.`}${name}'`).join(', ')
}

function choices(faults: readonly Fault[], path: string): string[] {
  return faults.flatMap(({ keyword, instancePath, params, message }) => {
    if (instancePath !== path) return []
    if (keyword === 'const') return [JSON.stringify((params as { allowedValue: unknown }).allowedValue)]
    return keyword === 'type' ? [message.replace('must be ', '')] : []
  })
}
