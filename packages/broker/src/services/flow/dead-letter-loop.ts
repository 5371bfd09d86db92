// Dead letters that would come back: a consumer of a stream whose letters go to a stream, whose consumers'
// letters go to a stream, and so on, and in the end to the first. Pure.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ConsumerEntry } from './consumer-catalog.ts'

type Consumer = Pick<ConsumerEntry, 'stream' | 'name' | 'config'>

/**
 * Throws `dead-letter-loop`, naming the chain, where letters of `made` would come back to its stream.
 * `others` are all consumers there are; of these, one of its name and stream is what `made` replaces.
 */
export function checkLoop(made: Consumer, others: readonly Consumer[]): void {
  if (!hasLetters(made)) return
  const bySource = new Map<string, Consumer[]>()
  for (const consumer of others) {
    const isItself = consumer.stream === made.stream && consumer.name === made.name
    if (isItself || !hasLetters(consumer)) continue
    const ofStream = bySource.get(consumer.stream)
    if (ofStream === undefined) bySource.set(consumer.stream, [consumer])
    else ofStream.push(consumer)
  }
  const chain = chainTo(made.stream, made, bySource)
  if (chain === undefined) return
  const steps = chain.map(({ name, stream, config }) => `${name} of ${stream} → ${config.deadLetterStream}`)
  throw new BrokerError('dead-letter-loop', `A dead letter would be delivered again: ${steps.join(', ')}`)
}

/** The shortest way of letters from a consumer to a stream; undefined where there is none. */
function chainTo(
  stream: string,
  first: Consumer,
  bySource: ReadonlyMap<string, readonly Consumer[]>,
): Consumer[] | undefined {
  const cameBy = new Map<Consumer, Consumer | undefined>([[first, undefined]])
  const visited = new Set<string>()
  for (const consumer of cameBy.keys()) {
    const target = consumer.config.deadLetterStream
    if (target === stream) return wayTo(consumer, cameBy)
    if (visited.has(target)) continue
    visited.add(target)
    for (const next of bySource.get(target) ?? []) if (!cameBy.has(next)) cameBy.set(next, consumer)
  }
  return undefined
}

function wayTo(last: Consumer, cameBy: ReadonlyMap<Consumer, Consumer | undefined>): Consumer[] {
  const way: Consumer[] = []
  for (let at: Consumer | undefined = last; at !== undefined; at = cameBy.get(at)) way.unshift(at)
  return way
}

/** With `none` nothing fails and nothing can be rejected. */
function hasLetters({ config }: Consumer): boolean {
  return config.ackPolicy !== 'none'
}
