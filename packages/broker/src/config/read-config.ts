// Makes one checked configuration out of defaults, a file, the environment and flags; the later one wins.
// Pure: main.ts reads the file and the environment, nobody else does.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { parse } from 'yaml'
import { PROPERTIES } from './properties.ts'
import type { BrokerLimits, Config, IntegerName, PropertyName } from './properties.ts'
import { environmentName } from './property.ts'
import type { Property } from './property.ts'
import { nearestName } from './suggestion.ts'

export type { BrokerLimits, Config } from './properties.ts'

/** Values by property name, and where they come from, for errors. */
export interface ConfigSource {
  readonly from: string
  readonly values: Readonly<Record<string, unknown>>
}

export const propertyNames: readonly PropertyName[] = Object.keys(PROPERTIES) as PropertyName[]

/** Throws `invalid-config`, naming the property and where it was set. */
export function readConfig(sources: readonly ConfigSource[]): Config {
  const config: Record<string, unknown> = {}
  for (const name of propertyNames) config[name] = PROPERTIES[name].default
  for (const { from, values } of sources) {
    for (const [name, value] of Object.entries(values)) {
      if (!isPropertyName(name)) throw unknownProperty(name, from)
      config[name] = checkedValue(name, value, from)
    }
  }
  const checked = config as unknown as Config
  checkRelations(checked)
  return Object.freeze(checked)
}

/** The bounds that an embedding program gives, completed. */
export function readLimits(limits: Partial<BrokerLimits>): Config {
  for (const name of Object.keys(limits)) {
    if (!isPropertyName(name) || !isLimit(name)) throw unknownProperty(name, 'limits')
  }
  return readConfig([{ from: 'limits', values: limits }])
}

/** Besides numbers, which are all bounds. */
const choicesForPrograms: ReadonlySet<PropertyName> = new Set([
  'directIo',
  'autoCreateTopics',
  'excessReplicas',
  'groupMigration',
])

function isLimit(name: PropertyName): boolean {
  return PROPERTIES[name].kind === 'integer' || choicesForPrograms.has(name)
}

export function fileSource(path: string, text: string): ConfigSource {
  let values: unknown
  try {
    values = parse(text) ?? {}
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BrokerError('invalid-config', `${path} is no YAML: ${why}`, { cause })
  }
  if (typeof values === 'object' && !Array.isArray(values)) {
    return { from: path, values: values as Record<string, unknown> }
  }
  throw new BrokerError('invalid-config', `${path} is no list of properties`)
}

/**
 * Variables that are no property are left alone: container platforms set some of the same prefix on their own
 * account. `typos` are those that look like a property.
 */
export function environmentSource(environment: Readonly<Record<string, string | undefined>>): {
  readonly source: ConfigSource
  readonly typos: readonly string[]
} {
  const byName = new Map(propertyNames.map((name) => [environmentName(name), name]))
  const values: Record<string, unknown> = {}
  const typos: string[] = []
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('SLUICE_') || text === undefined) continue
    const name = byName.get(variable)
    if (name !== undefined) values[name] = valueOfText(name, text)
    else {
      const meant = nearestName(variable, [...byName.keys()])
      if (meant !== undefined) typos.push(`${variable} is no property; perhaps ${meant} is meant`)
    }
  }
  return { source: { from: 'the environment', values }, typos }
}

/**
 * What a flag or a variable says, in the type of its property; what is no number stays text, to be refused.
 */
export function valueOfText(name: PropertyName, text: string): unknown {
  const { kind } = PROPERTIES[name]
  return (kind === 'integer' || kind === 'count') && /^-?\d+$/.test(text) ? Number(text) : text
}

function isPropertyName(name: string): name is PropertyName {
  return Object.hasOwn(PROPERTIES, name)
}

function unknownProperty(name: string, from: string): BrokerError {
  const meant = nearestName(name, propertyNames)
  const hint = meant === undefined ? '' : `; perhaps ${meant} is meant`
  return new BrokerError('invalid-config', `There is no property ${name} (in ${from})${hint}`)
}

function checkedValue(name: PropertyName, value: unknown, from: string): unknown {
  const fault = faultOf(PROPERTIES[name], value)
  if (fault === undefined) return value
  throw new BrokerError('invalid-config', `${name} is ${JSON.stringify(value)} (in ${from}), but ${fault}`)
}

function faultOf(property: Property, value: unknown): string | undefined {
  switch (property.kind) {
    case 'integer':
    case 'count': {
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = property
      const isAuto = property.kind === 'count' && value === 'auto'
      const fits = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      if (isAuto || fits) return undefined
      return `must be a whole number from ${min} to ${max}${property.kind === 'count' ? ', or auto' : ''}`
    }
    case 'text':
      return typeof value === 'string' && value !== '' ? undefined : 'must be a text'
    case 'choice':
      return property.choices?.includes(value as string)
        ? undefined
        : `must be one of ${property.choices?.join(', ')}`
  }
}

/** What no property can say alone. */
function checkRelations(config: Config): void {
  requireOrder(config, 'keepAliveMsMin', 'keepAliveMsMax')
  requireOrder(config, 'bytesInProgressMax', 'totalBytesInProgressMax')
  requireOrder(config, 'defaultPartitions', 'partitionsMax')
}

function requireOrder(config: Config, lower: IntegerName, upper: IntegerName): void {
  if (config[lower] <= config[upper]) return
  const text = `${lower} is ${config[lower]}, more than ${upper}, which is ${config[upper]}`
  throw new BrokerError('invalid-config', text)
}
