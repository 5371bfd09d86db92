// What an answer says of one thing that was refused: Kafka's number, and a sentence for people.

import { expectedFailure } from '../connections/failure.ts'
import { kafkaErrorOf, kafkaErrors } from './kafka-errors.ts'
import type { KafkaErrorName } from './kafka-errors.ts'

export interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string | null
}

export const notRefused: Refusal = { errorCode: kafkaErrors.NONE, errorMessage: null }

/** Thrown where what a client asks for is refused by Kafka's own rules. */
export class KafkaRefusal extends Error {
  readonly errorName: KafkaErrorName

  constructor(errorName: KafkaErrorName, text: string) {
    super(text)
    this.name = 'KafkaRefusal'
    this.errorName = errorName
  }
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof KafkaRefusal) {
    return { errorCode: kafkaErrors[error.errorName], errorMessage: error.message }
  }
  // Why not its text: what nobody expected may say anything.
  const errorMessage = expectedFailure(error)?.message ?? 'The broker has failed.'
  return { errorCode: kafkaErrorOf(error), errorMessage }
}

/** Those that stand more than once. */
export function repeated<T>(keys: readonly T[]): Set<T> {
  const seen = new Set<T>()
  const twice = new Set<T>()
  for (const key of keys) (seen.has(key) ? twice : seen).add(key)
  return twice
}
