// Drains a flow consumer: what matches and is not in flight is settled, for this consumer alone.

import { SubjectFilter } from './state/rule-table.ts'
import type { FlowConsumer } from './flow-consumer.ts'

/**
 * Everything up to now, also what is not read yet; also while the consumer is paused or has no members. What
 * is in flight stays so, with its slot. Throws `invalid-pattern`. Durable when it resolves with how many.
 */
export async function drainConsumer(consumer: FlowConsumer, match: string): Promise<number> {
  const filter = new SubjectFilter([match])
  const context = { timers: consumer.options.io.timers, check: () => consumer.checkOpen() }
  let drained = 0
  for (const { partition, departures } of consumer.coordinators) {
    await partition.refresh()
    context.check()
    drained += await departures.drain(filter, context)
  }
  consumer.wake()
  return drained
}
