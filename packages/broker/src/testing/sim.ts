// `npm run sim`: runs histories of the real broker in simulated worlds, each from one seed, and checks them.
//
//   npm run sim -- --seed 7 --steps 300      one history, exactly as every time
//   npm run sim -- --seeds 100               100 of them, from seed 1
//   … --mutation skip-fsync                  with a deliberate mistake, until it is found
//   … --events 500                           tells more of what came before a failure
//
// Exits with 1 at the first claim that is refuted, and says how to see it again.

import { parseArgs } from 'node:util'
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
  const result = {
    seed,
    steps,
    passed: isPassed,
    virtualMs: Math.round(nowMs),
    events: eventCount,
    ms,
    traceHash,
  }
  if (values.json)
    console.log(JSON.stringify({ ...result, ...ledger.counts, violation: textOf(ledger.violation) }))
  else if (isPassed) console.log(`seed ${seed}: ok, ${line(result, ledger.counts)}`)
  else console.log(failure(history, seed, steps))
  return isPassed
}

function line(
  result: { virtualMs: number; events: number; ms: number; traceHash: string },
  counts: object,
): string {
  const counted = Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
  return `${result.virtualMs} ms in ${result.ms} ms, ${result.events} events, ${counted}, trace ${result.traceHash}`
}

function failure({ ledger, step, world }: History, seed: number, steps: number): string {
  const again = `npm run sim -- --seed ${seed} --steps ${steps}${values.mutation === undefined ? '' : ` --mutation ${values.mutation}`}`
  const { violation } = ledger
  const stack = violation instanceof Error && violation.name !== 'Violation' ? `\n${violation.stack}` : ''
  return [
    ...ledger.recentEvents(Number(values.events)).map((event) => `  ${event}`),
    `seed ${seed}, step ${step} of ${steps}, ${world.scheduler.nowMs.toFixed(3)} ms: ${textOf(violation)}${stack}`,
    `again: ${again}`,
  ].join('\n')
}

function textOf(violation: unknown): string | undefined {
  if (violation === undefined) return undefined
  return violation instanceof Error ? violation.message : String(violation)
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
