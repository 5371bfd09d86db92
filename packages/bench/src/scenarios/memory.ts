// What flow control holds in memory: a million parked on one subject, and a million subjects that are all
// active. The growth of the broker from before the consumer comes until it holds them all. Before, another
// consumer has gone through the same messages: caches, which have bounds of their own, are full by then.

import { HOT_SUBJECT, PATTERN_RULES } from '../loader/load-messages.ts'
import type { LoaderProcess } from '../process/loader-process.ts'
import { memoryOf } from '../process/memory-sample.ts'
import { inspectFlag } from '../process/node-inspector.ts'
import type { BenchOptions } from '../options.ts'
import { onlySluice } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface MemoryCase extends Case {
  readonly what: 'parked' | 'active'
}

const payloadBytes = 64
const consumer = 'bench'
const forerunner = 'forerunner'
const forerunnerWindow = 1000
const forerunnerMsMax = 300_000
const bytesPerMegabyte = 1e6

export const memory: Scenario<MemoryCase> = {
  name: 'memory',
  needsOwnServer: true,
  doc: 'what the broker holds for parked messages and for active subjects',
  cases: ({ parkedCount }: BenchOptions) => [
    { name: `${parkedCount} parked on one subject`, what: 'parked', durability: 'os' },
    { name: `${parkedCount} active subjects`, what: 'active', durability: 'os' },
  ],
  refusal: onlySluice,
  measure,
}

async function measure(bench: Bench, { what, durability }: MemoryCase): Promise<Finding> {
  const { parkedCount } = bench.options
  const server = await bench.started([inspectFlag])
  const publisher = bench.loader(server)
  await publisher.run('createStream', { durability })
  const subjects =
    what === 'parked' ? { subjectCount: 1, heldSubject: HOT_SUBJECT } : { subjectCount: parkedCount }
  const messageCount = what === 'parked' ? parkedCount + 1 : parkedCount
  await publisher.run('preload', { messageCount, payloadBytes, ...subjects })
  await runAhead(publisher, messageCount)
  const before = await memoryOf(server)
  await fill(bench.loader(server), what, parkedCount)
  const after = await memoryOf(server)
  const growth = (from: number, to: number): number => (to - from) / bytesPerMegabyte
  return {
    metrics: [
      { name: 'live growth', unit: 'MB', value: growth(before.liveBytes, after.liveBytes) },
      { name: 'RSS growth', unit: 'MB', value: growth(before.rssBytes, after.rssBytes) },
      { name: 'RSS', unit: 'MB', value: after.rssBytes / bytesPerMegabyte },
    ],
    notes: ['live: heap and buffers after a garbage collection'],
  }
}

async function runAhead(loader: LoaderProcess, messageCount: number): Promise<void> {
  const window = forerunnerWindow
  await loader.run('createConsumer', { name: forerunner, rules: [], inFlightMax: window })
  const durationMs = forerunnerMsMax
  const params = { consumer: forerunner, window, messageCount, durationMs }
  const { messageCount: settled } = await loader.run('consume', params)
  if (settled < messageCount) throw new Error(`Only ${settled} of ${messageCount} were settled`)
}

async function fill(loader: LoaderProcess, what: 'parked' | 'active', count: number): Promise<void> {
  const isParked = what === 'parked'
  // Why more than one: a consumer whose members are full does not read on, and nothing would be parked.
  const inFlightMax = isParked ? 1000 : count
  await loader.run('createConsumer', {
    name: consumer,
    rules: isParked ? PATTERN_RULES : [],
    inFlightMax,
  })
  await loader.run('hold', { consumer, window: inFlightMax, messageCount: isParked ? 1 : count })
  if (isParked) await loader.run('untilParked', { consumer, messageCount: count })
}
