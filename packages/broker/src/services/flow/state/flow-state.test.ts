// Scripts in testdata/: commands, and after ---- what they are to print. REWRITE=1 writes what they do print.
//
//   rule PATTERN LIMIT [total=N] [rate=PER_SECOND/BURST] [weight=N] · filter PATTERN… · config NAME VALUE
//                                                                before the first publish, or to alter
//   publish SUBJECT…    deliver [COUNT] [to MEMBER]    ack|ackall|release|working|reject OFFSET
//   nack OFFSET [DELAY_MS]    wait MS    leave MEMBER    restart    pools
//   pause PATTERN…    resume    unblock SUBJECT DECISION    drain PATTERN
//   remove below OFFSET | remove OFFSET…

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import type { BlockedDecision, FlowRule } from '@sluice/protocol/model/consumer'
import { decide } from './blocked-decision.ts'
import { FlowDriver } from './flow-driver.fixture.ts'
import { checkInvariants } from './flow-invariants.ts'
import { drain, removeBelow, removeOffsets } from './flow-removal.ts'
import { checkGates } from './gate-invariants.ts'
import { holdOf } from './pool-hold.ts'
import { SubjectFilter } from './rule-table.ts'
import { ProgressImage } from '../progress/progress-codec.ts'

const folder = new URL('testdata/', import.meta.url)

const settles = new Set(['ack', 'ackall', 'release', 'working', 'reject', 'nack'])

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
      checkGates(this.#driver.state.totals, [this.#driver.state], true)
    }
    return this.#out
  }

  #carryOut(verb: string, words: string[]): void {
    const { state, moment } = this.#driver
    const slot = this.#slots.get(Number(words[0])) ?? -1
    const isOut = state.deliveries.phase[slot] !== undefined && state.deliveries.sequence[slot]! > 0
    assert.ok(isOut || !settles.has(verb), `${words[0]} is not out`)
    switch (verb) {
      case 'rule':
        return this.#driver.alter({ rules: [...this.#otherRules(words[0]!), ruleOf(words)] })
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
        return this.#operate(verb, words)
    }
  }

  /** What operators and the log do. */
  #operate(verb: string, words: string[]): void {
    const { state } = this.#driver
    switch (verb) {
      case 'ackall': {
        const slot = this.#slots.get(Number(words[0]))!
        state.settleEarlier(slot, (earlier) => state.settle(earlier))
        return state.settle(slot)
      }
      case 'pause':
        return this.#driver.pause(words)
      case 'resume':
        return this.#driver.pause([])
      case 'unblock':
        return this.#unblock(words[0]!, words[1] as BlockedDecision)
      case 'drain':
        return void this.#out.push(`${drain(state, new SubjectFilter(words))} drained`)
      case 'remove': {
        const ended = (slot: number): void => void this.#out.push(`${state.deliveries.offset[slot]} ended`)
        const below = words[0] === 'below' ? Number(words[1]) : undefined
        const count =
          below === undefined
            ? removeOffsets(state, words.map(Number), ended)
            : removeBelow(state, below, ended)
        return void this.#out.push(`${count} removed`)
      }
      default:
        assert.fail(`there is no command '${verb}'`)
    }
  }

  #unblock(subject: string, decision: BlockedDecision): void {
    const { state } = this.#driver
    const key = Buffer.from(subject)
    const { offsets, slots } = decide(state, state.pools.find(key, 0, key.length), decision)
    slots.forEach((slot, index) => this.#slots.set(offsets[index]!, slot))
    this.#out.push(`${offsets.join(' ')} ${decision}`)
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
    state.totals.gates.advance(moment.monotonicMs)
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
      const held = holdOf(this.#driver.state, pool)
      const why = held === undefined ? '' : `, held: ${held.kind}`
      this.#out.push(`${pools.subjectOf(pool)}: ${out} out, ${parked} parked, ${delayed} delayed${why}`)
    })
    this.#out.push(`floor ${settled.floor}`)
  }
}

function ruleOf([match, limit, ...words]: string[]): FlowRule {
  const given = new Map(words.map((word) => word.split('=') as [string, string]))
  const [perSecond, burst] = given.get('rate')?.split('/').map(Number) ?? []
  const rule = { match: match!, limit: Number(limit) }
  return {
    ...rule,
    ...(given.has('total') ? { total: Number(given.get('total')) } : {}),
    ...(perSecond === undefined ? {} : { rate: { perSecond, burst: burst! } }),
    ...(given.has('weight') ? { weight: Number(given.get('weight')) } : {}),
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
