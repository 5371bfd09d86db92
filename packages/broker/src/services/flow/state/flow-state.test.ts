// Scripts in testdata/: commands, and after ---- what they are to print. REWRITE=1 writes what they do print.
//
//   rule PATTERN LIMIT · filter PATTERN… · config NAME VALUE       before the first publish, or to alter
//   publish SUBJECT…    deliver [COUNT] [to MEMBER]    ack|release|working|reject OFFSET
//   nack OFFSET [DELAY_MS]    wait MS    leave MEMBER    restart    pools

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import type { FlowRule } from '@sluice/protocol/model/consumer'
import { FlowDriver } from './flow-driver.fixture.ts'
import { checkInvariants } from './flow-invariants.ts'
import { ProgressImage } from '../progress/progress-codec.ts'

const folder = new URL('testdata/', import.meta.url)

class Script {
  #driver = new FlowDriver({})
  #out: string[] = []
  readonly #slots = new Map<number, number>()

  run(commands: readonly string[]): string[] {
    this.#out = []
    for (const line of commands) {
      const [verb, ...words] = line.split(' ')
      this.#carryOut(verb!, words)
      checkInvariants(this.#driver.state, true)
    }
    return this.#out
  }

  #carryOut(verb: string, words: string[]): void {
    const { state, moment } = this.#driver
    const slot = this.#slots.get(Number(words[0])) ?? -1
    switch (verb) {
      case 'rule':
        return this.#driver.alter({
          rules: [...this.#otherRules(words[0]!), { match: words[0]!, limit: Number(words[1]) }],
        })
      case 'filter':
        return this.#driver.alter({ filter: words })
      case 'config':
        return this.#driver.alter({ [words[0]!]: JSON.parse(words[1]!) })
      case 'publish':
        return this.#driver.publish(words)
      case 'deliver':
        return this.#deliver(words)
      case 'wait':
        return this.#wait(Number(words[0]))
      case 'leave':
        return this.#leave(Number(words[0]))
      case 'restart':
        return this.#restart()
      case 'pools':
        return this.#printPools()
      case 'ack':
        return state.settle(slot)
      case 'release':
        return state.release(slot)
      case 'working':
        return state.extendDeadline(slot, moment.monotonicMs)
      case 'reject':
        return state.condemn(slot, { reason: 'rejected', text: '' })
      case 'nack': {
        const delayMs = words[1] === undefined ? undefined : Number(words[1])
        const fate = state.fail(slot, { text: '', delayMs }, moment)
        if (fate !== 'again') this.#out.push(`${words[0]} ${fate}`)
        return
      }
      default:
        assert.fail(`there is no command '${verb}'`)
    }
  }

  #otherRules(match: string): readonly FlowRule[] {
    return this.#driver.config.rules.filter((rule) => rule.match !== match)
  }

  #deliver(words: string[]): void {
    const { state, subjects } = this.#driver
    const member = words.includes('to') ? Number(words.at(-1)) : 1
    const count = /^\d+$/.test(words[0] ?? '') ? Number(words[0]) : 100
    this.#driver.deliver(count, member, (slot) => {
      const offset = state.deliveries.offset[slot]!
      state.sent(slot, this.#driver.nowMs)
      this.#slots.set(offset, slot)
      const again = state.deliveries.attempt[slot]! > 1 ? ` attempt ${state.deliveries.attempt[slot]}` : ''
      this.#out.push(`${offset} ${subjects[offset]}${again}`)
    })
    if (this.#out.length === 0) this.#out.push('nothing')
  }

  #wait(ms: number): void {
    const { state } = this.#driver
    this.#driver.nowMs += ms
    const { moment } = this.#driver
    for (let slot = state.overdue(moment.monotonicMs); slot >= 0; slot = state.overdue(moment.monotonicMs)) {
      const offset = state.deliveries.offset[slot]!
      const fate = state.fail(slot, { text: '' }, moment)
      this.#out.push(`${offset} timed out${fate === 'again' ? '' : `, ${fate}`}`)
    }
    state.wakeDelayed(moment.monotonicMs)
  }

  #leave(member: number): void {
    const { state } = this.#driver
    for (const slot of state.deliveries.held.slotsOf(member)) state.release(slot)
  }

  /** Only what the progress journal keeps survives: settled offsets and retries. */
  #restart(): void {
    const { state, subjects, config } = this.#driver
    const known = new ProgressImage()
    known.settled.addRange(0, state.settled.floor)
    state.settled.forEachRange((start, end) => known.settled.addRange(start, end))
    for (const [offset, retry] of state.retries.entries()) known.retries.set(offset, retry)
    const { deadLetterStream: _, ...rest } = config
    const nowMs = this.#driver.nowMs
    this.#driver = new FlowDriver(rest, undefined, known)
    this.#driver.nowMs = nowMs
    this.#driver.publish(subjects)
    this.#slots.clear()
  }

  #printPools(): void {
    const { pools, settled } = this.#driver.state
    pools.forEach((pool) => {
      const [out, parked, delayed] = [pools.inFlight[pool], pools.parkedCount[pool], pools.delayed[pool]]
      this.#out.push(`${pools.subjectOf(pool)}: ${out} out, ${parked} parked, ${delayed} delayed`)
    })
    this.#out.push(`floor ${settled.floor}`)
  }
}

for (const name of readdirSync(folder)) {
  test(`script ${name}`, () => {
    const text = readFileSync(new URL(name, folder), 'utf8')
    const actual = rerun(text)
    if (process.env['REWRITE'] === '1') writeFileSync(new URL(name, folder), actual)
    else assert.equal(actual, text)
  })
}

/** The script with what it prints now. Blocks are separated by blank lines; `#` begins a comment. */
function rerun(text: string): string {
  const script = new Script()
  const blocks = text.trimEnd().split('\n\n')
  const rewritten = blocks.map((block) => {
    const lines = block.split('\n')
    const end = lines.indexOf('----')
    const commands = (end < 0 ? lines : lines.slice(0, end)).filter((line) => !line.startsWith('#'))
    const out = script.run(commands)
    const head = end < 0 ? lines : lines.slice(0, end)
    return [...head, ...(out.length > 0 ? ['----', ...out] : [])].join('\n')
  })
  return `${rewritten.join('\n\n')}\n`
}
