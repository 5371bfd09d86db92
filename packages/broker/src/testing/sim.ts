// `npm run sim`: runs histories of the real broker in simulated worlds, each from one seed, and checks them.
//
//   npm run sim -- --seed 7 --steps 300      one history, exactly as every time
//   npm run sim -- --seeds 100               100 of them, from seed 1
//   … --mutation skip-fsync                  with a deliberate mistake, until it is found
//   … --events 500                           tells more of what came before a failure
//
// Exits with 1 at the first claim that is refuted, and says how to see it again.

import { inspect, parseArgs } from 'node:util'
import { History } from './history.ts'
import { mutations } from './mutations.ts'

const stepsDefault = 120

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: String(stepsDefault) },
    mutation: { type: 'string' },
    events: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
})

const mutation = values.mutation === undefined ? undefined : mutations[values.mutation]
if (values.mutation !== undefined && mutation === undefined) {
  console.error(`--mutation is one of ${Object.keys(mutations).join(', ')}`)
  process.exit(2)
}
mutation?.apply?.()

let running: History | undefined
// Why: a broken invariant throws where nobody catches, in the middle of the broker's own work.
process.on('uncaughtException', (error) => stray(error))
process.on('unhandledRejection', (reason) => stray(reason))

function stray(reason: unknown): void {
  if (running === undefined) throw reason
  running.ledger.fail(reason)
}

async function runSeed(seed: number, steps: number): Promise<boolean> {
  const startedMs = performance.now()
  const history = new History({ seed, steps, areInvariantsChecked: mutation === undefined }, mutation?.asSeen)
  running = history
  await history.run()
  running = undefined
  const { ledger, world } = history
  const isPassed = ledger.violation === undefined
  const { nowMs, eventCount, traceHash } = world.scheduler
  const ms = Math.round(performance.now() - startedMs)
  const virtualMs = Math.round(nowMs)
  const result: SeedResult = { seed, steps, passed: isPassed, virtualMs, events: eventCount, ms, traceHash }
  const violation = textOf(ledger.violation)
  if (values.json) console.log(JSON.stringify({ ...result, ...ledger.counts, violation }))
  else console.log(isPassed ? success(result, ledger.counts) : failure(history, result))
  return isPassed
}

interface SeedResult {
  readonly seed: number
  readonly steps: number
  readonly passed: boolean
  readonly virtualMs: number
  readonly events: number
  /** Of real time. */
  readonly ms: number
  readonly traceHash: string
}

function success({ seed, virtualMs, ms, events, traceHash }: SeedResult, counts: object): string {
  const counted = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  const times = `${virtualMs} ms in ${ms} ms, ${events} events`
  return `seed ${seed}: ok, ${times}, ${counted.join(', ')}, trace ${traceHash}`
}

function failure({ ledger, step, world }: History, { seed, steps }: SeedResult): string {
  const { violation } = ledger
  const isClaim = violation instanceof Error && violation.name === 'Violation'
  const what = violation instanceof Error && !isClaim ? violation.stack : textOf(violation)
  const mutated = values.mutation === undefined ? '' : ` --mutation ${values.mutation}`
  return [
    ...ledger.recentEvents(Number(values.events)).map((event) => `  ${event}`),
    `seed ${seed}, step ${step} of ${steps}, ${world.scheduler.nowMs.toFixed(3)} ms: ${what}`,
    `again: npm run sim -- --seed ${seed} --steps ${steps}${mutated}`,
  ].join('\n')
}

function textOf(violation: unknown): string | undefined {
  if (violation === undefined) return undefined
  return violation instanceof Error ? violation.message : inspect(violation)
}

const [first, count, steps] = [Number(values.seed), Number(values.seeds), Number(values.steps)]
let failed = 0
for (let seed = first; seed < first + count; seed++) {
  if (!(await runSeed(seed, steps))) failed++
  // One is what a mutation has to be found by.
  if (failed > 0 && mutation !== undefined) break
}
if (count > 1)
  console.log(values.json ? JSON.stringify({ seeds: count, failed }) : `${count} seeds, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
