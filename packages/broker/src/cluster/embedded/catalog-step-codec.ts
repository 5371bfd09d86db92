// A step of the catalog as a record of its journal: the value is the step as JSON in UTF-8.
// All records carry one key: the journal must keep each step, none replaces another.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { CatalogStep } from './catalog-state.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export const stepKey: Uint8Array = encoder.encode('step')

export function encodeStep(step: CatalogStep): Uint8Array {
  return encoder.encode(JSON.stringify(step))
}

/** The journal's checksum has passed, so what cannot be read was written by something else. */
export function decodeStep(value: Uint8Array): CatalogStep {
  let step: Partial<CatalogStep> | null
  try {
    step = JSON.parse(decoder.decode(value))
  } catch (cause) {
    throw new BrokerError('corrupt-log', 'A record of the catalog is no JSON', { cause })
  }
  const isStep = step !== null && Number.isSafeInteger(step.revision)
  if (isStep && Array.isArray(step?.puts) && Array.isArray(step?.deletes)) return step as CatalogStep
  throw new BrokerError('corrupt-log', 'A record of the catalog is no step')
}
