// What a stream may be: the grammar of its name, the bounds of its configuration, and what an alteration may
// change. Pure; every refusal names the property.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Durability, StreamConfig } from '@sluice/protocol/model/stream'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { Type } from 'typebox'
import { Shape } from '../../base/shape.ts'

const subjectsMax = 256
const nameForm = /^[A-Za-z0-9._-]{1,200}$/

const messageBytesDefault = 1024 * 1024
/** Leaves room in the largest frame for what stands around a message. */
export const messageBytesLimit: number = 15 * 1024 * 1024

/** Of what is kept; 0: no limit. */
const limit = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))

const configShape = new Shape(
  Type.Object(
    {
      subjects: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: subjectsMax })),
      partitions: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffff })),
      durability: Type.Optional(
        Type.Union([Type.Literal('fsync'), Type.Literal('os'), Type.Literal('memory')]),
      ),
      messageBytesMax: Type.Optional(Type.Integer({ minimum: 1, maximum: messageBytesLimit })),
      maxAgeMs: limit,
      maxBytes: limit,
      maxMessages: limit,
    },
    { additionalProperties: false },
  ),
)

/** What this broker can offer, beyond what any stream may be. */
export interface StreamBounds {
  readonly partitionsMax: number
  /** The one durability of a broker that has no disk; undefined where there is one. */
  readonly onlyDurability: Durability | undefined
}

export function checkStreamName(name: string): void {
  if (typeof name === 'string' && nameForm.test(name) && name !== '.' && name !== '..') return
  throw new BrokerError('invalid-stream-name', `${JSON.stringify(name)} is no name for a stream`)
}

/** The whole configuration of a new stream. Throws `invalid-stream-config` or `invalid-pattern`. */
export function newStreamConfig(given: Partial<StreamConfig>, bounds: StreamBounds): StreamConfig {
  checkShape(given)
  const config: StreamConfig = {
    subjects: given.subjects ?? ['>'],
    partitions: given.partitions ?? 1,
    durability: given.durability ?? bounds.onlyDurability ?? 'fsync',
    messageBytesMax: given.messageBytesMax ?? messageBytesDefault,
    maxAgeMs: given.maxAgeMs ?? 0,
    maxBytes: given.maxBytes ?? 0,
    maxMessages: given.maxMessages ?? 0,
  }
  checkAgainst(config, bounds)
  return config
}

/** The configuration after an alteration. Throws `invalid-stream-config` or `invalid-pattern`. */
export function alteredStreamConfig(
  current: StreamConfig,
  changes: Partial<StreamConfig>,
  bounds: StreamBounds,
): StreamConfig {
  checkShape(changes)
  const config = { ...current, ...changes }
  if (config.durability !== current.durability) {
    throw invalid(`'durability' cannot be changed from ${current.durability} to ${config.durability}`)
  }
  if (config.partitions < current.partitions) {
    throw invalid(`'partitions' can only grow, and there are ${current.partitions}`)
  }
  checkAgainst(config, bounds)
  return config
}

/** The first property in which two configurations differ, as a sentence. */
export function differenceOf(current: StreamConfig, wanted: StreamConfig): string | undefined {
  for (const name of Object.keys(wanted) as (keyof StreamConfig)[]) {
    const [is, asked] = [JSON.stringify(current[name]), JSON.stringify(wanted[name])]
    if (is !== asked) return `'${name}' is ${is}, not ${asked}`
  }
  return undefined
}

function checkShape(given: Partial<StreamConfig>): void {
  const fault = configShape.faultOf(given)
  if (fault !== undefined) throw invalid(fault)
}

function checkAgainst(config: StreamConfig, bounds: StreamBounds): void {
  for (const subject of config.subjects) parsePattern(subject)
  if (config.partitions > bounds.partitionsMax)
    throw invalid(`'partitions' must be <= ${bounds.partitionsMax}`)
  const { onlyDurability } = bounds
  if (onlyDurability !== undefined && config.durability !== onlyDurability) {
    throw invalid(`'durability' can only be ${onlyDurability} in a broker without a data directory`)
  }
}

function invalid(what: string): BrokerError {
  return new BrokerError('invalid-stream-config', `The stream cannot be configured so: ${what}`)
}
