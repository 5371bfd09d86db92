// The run as plain lines, for where there is no terminal.

import { formatCount } from '../claims/claim.ts'
import type { DemoEvent } from '../events.ts'
import { tenantClasses } from '../tenants.ts'
import type { Sight } from './sight.ts'
import type { View } from './view.ts'
import { formatMs, headline, phaseTexts, phaseTitles } from './words.ts'

const everyMs = 2_000

export class PlainView implements View {
  readonly #write: (line: string) => void
  #timer: NodeJS.Timeout | undefined

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  start(look: () => Sight): void {
    this.#write(`Sluice: ${headline}`)
    this.#timer = setInterval(() => this.#status(look()), everyMs)
  }

  see(event: DemoEvent): void {
    const text = textOf(event)
    if (text !== undefined) this.#write(`${timeOf(event.atMs)} ${text}`)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #status(sight: Sight): void {
    const { gauges, broker, nowMs } = sight
    const classes = tenantClasses.map(({ name, limit }) => {
      const { peak, deliveredPerSecond, p99Ms } = gauges.read(name, nowMs)
      return `${name} ${peak}/${limit} at work, ${deliveredPerSecond}/s, p99 ${formatMs(p99Ms)}`
    })
    const parked = broker === undefined ? '–' : formatCount(broker.stats.parked)
    this.#write(`${timeOf(nowMs)}   ${classes.join(' | ')} | ${parked} parked`)
  }
}

function textOf(event: DemoEvent): string | undefined {
  switch (event.event) {
    case 'phase':
      return `${phaseTitles[event.phase]}: ${phaseTexts[event.phase]}`
    case 'killed':
      return `broker process ${event.pid} killed with SIGKILL`
    case 'recovered':
      return `broker process ${event.pid} serves the same folder again`
    default:
      return undefined
  }
}

function timeOf(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`
}
