// One flow consumer: its members, its partitions, and the rounds in which records go from these to those.
// Path of a delivery: flow-coordinator.ts of each partition in turn → a member's port.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import type { AckPolicy, ConsumerConfig, Pause } from '@sluice/protocol/model/consumer'
import {
  nackDelayMsMax,
  delayByBackoff,
  pullCountMax,
  settleVerbs,
} from '@sluice/protocol/native/flow-messages'
import type { Settle } from '@sluice/protocol/native/flow-messages'
import type { Partition } from '../../cluster/partition.ts'
import { CondemnedRecords } from './condemned-records.ts'
import type { CondemnedContext } from './condemned-records.ts'
import { PausesInForce } from './consumer-pauses.ts'
import type { LiveLimits } from './limits/live-limits.ts'
import { DueTimer } from './due-timer.ts'
import { FlowCoordinator, takenBackPerRound } from './flow-coordinator.ts'
import type { FlowHost, PartitionPorts } from './flow-coordinator.ts'
import { checkConsumer } from './state/gate-invariants.ts'
import { compileSettings, pausedFilter, recompileSettings } from './state/flow-settings.ts'
import type { FlowSettings } from './state/flow-settings.ts'
import { FlowTotals } from './state/flow-totals.ts'
import type { Moment } from './state/flow-state.ts'
import { MemberTable } from './member.ts'
import type { Leaving, Member, MemberPort } from './member.ts'

/**
 * Records that one partition may hand out before the next has its turn, and before others than
 * us have theirs.
 */
const recordsPerTurn = 64
const recordsPerRound = 2048
/** Between the places at which delivery sequences may start: 2^20 deliveries, times 2^32, are exact. */
const sequencesPerStart = 2 ** 20
/** Wait before a failed read is tried again. */
const retryMs = 1000

export interface FlowConsumerOptions extends CondemnedContext {
  readonly id: number
  readonly createdAt: string
  readonly config: ConsumerConfig
  readonly pauses: readonly Pause[]
  readonly parkedMax: number
  /** Recount everything after each round: for tests. */
  readonly areInvariantsChecked: boolean
  readonly portsOf: (partition: Partition) => PartitionPorts
  readonly liveLimitsOf: (config: ConsumerConfig, changed: () => void) => LiveLimits
}

/** A member's hold on its consumer. */
export interface Membership {
  /** 0 also takes back what was asked for by `pull`. */
  setWindow(window: number): void
  /**
   * Asks for so many deliveries more, whatever is held; 0 takes back what was asked for and has not come.
   * Throws `invalid-request` where that would be more than `pullCountMax` in all.
   */
  pull(count: number): void
  /** The member's port is writable again. */
  resume(): void
  /** Whether deliveries must stay with the port until it is flushed: they are being settled until then. */
  readonly isHeldUntilFlush: boolean
  /** Resolves when what was handed to the port has been flushed; undefined where nothing waits for that. */
  going(): Promise<void> | undefined
  /** The code of why it was refused, or undefined. */
  settle(settle: Settle): ErrorCode | undefined
  /** Resolves when all settles so far are persisted. */
  durable(): Promise<void>
  /** `closed`: what it holds counts as released; `lost`: as timed out. Harmless when it has left. */
  leave(how: Leaving): void
}

export class FlowConsumer implements FlowHost {
  readonly options: FlowConsumerOptions
  readonly members = new MemberTable()
  readonly totals = new FlowTotals()
  readonly coordinators: FlowCoordinator[] = []
  #config: ConsumerConfig
  #settings: FlowSettings
  readonly #stopListening: (() => void)[] = []
  readonly #condemned: CondemnedRecords
  readonly #pauses = new PausesInForce()
  #limits: LiveLimits
  #firstTurn = 0
  #isAwake = false
  /** Why it does nothing any more. */
  #closedFor: BrokerError | undefined
  readonly #timer: DueTimer
  /** One reading of the clocks for all settles until the next round. */
  #settleMoment: Moment | undefined

  constructor(options: FlowConsumerOptions) {
    this.options = options
    this.#config = options.config
    this.#limits = this.#limitsOf(options.config)
    this.#settings = compileSettings(options.config, options.parkedMax, { readLimit: this.#limits.read })
    this.#condemned = new CondemnedRecords(options, this)
    this.#pauses.replace(options.pauses)
    this.#keepPauses(this.now())
    this.#timer = new DueTimer(options.io.timers, () => this.wake())
    this.totals.gates.advance(options.io.clock.monotonicMs())
    this.#addPartitions()
    this.#stopListening.push(options.stream.onChanged(() => this.#addPartitions()))
  }

  get config(): ConsumerConfig {
    return this.#config
  }

  /** Those that have not ended. */
  get pauses(): Pause[] {
    return this.#pauses.at(this.options.io.clock.wallMs())
  }

  get isClosed(): boolean {
    return this.#closedFor !== undefined
  }

  /** Throws the reason where it is closed meanwhile. */
  checkOpen(): void {
    if (this.#closedFor !== undefined) throw this.#closedFor
  }

  get deadLetterStream(): string {
    return this.#config.deadLetterStream
  }

  get ackPolicy(): AckPolicy {
    return this.#config.ackPolicy
  }

  get maxInflight(): number {
    return this.#config.maxInflight
  }

  now(): Moment {
    const { clock } = this.options.io
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() }
  }

  /** At first all of them; later what the stream has grown by, and what has begun another life. */
  #addPartitions(): void {
    const { partitions } = this.options.stream
    for (const [index, partition] of partitions.entries()) {
      const known = this.coordinators[index]
      if (known?.partition === partition) continue
      known?.endOfLog()
      this.coordinators[index] = this.#coordinatorOf(partition)
    }
    this.wake()
  }

  #coordinatorOf(partition: Partition): FlowCoordinator {
    const { portsOf, io } = this.options
    const options = { settings: this.#settings, host: this }
    const coordinator = new FlowCoordinator(partition, portsOf(partition), options)
    coordinator.state.deliveries.startSequence(io.random.u32() * sequencesPerStart)
    this.#stopListening.push(partition.onAdvance(() => this.#advanced()))
    return coordinator
  }

  // ── Rounds ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Without members nothing new needs a round. */
  #advanced(): void {
    if (this.members.count > 0) this.wake()
  }

  wake(): void {
    if (this.#isAwake || this.isClosed) return
    this.#isAwake = true
    queueMicrotask(() => this.#round())
  }

  #round(): void {
    this.#isAwake = false
    this.#settleMoment = undefined
    if (this.isClosed) return
    const moment = this.now()
    const areDeadlinesKept = this.#timer.areDeadlinesKept(moment.monotonicMs)
    this.#keepPauses(moment)
    this.#keepLimits(moment)
    const isMoreToReturn = this.#takeBackFromGone(moment)
    for (const coordinator of this.coordinators) coordinator.tick(moment, areDeadlinesKept)
    this.totals.gates.advance(moment.monotonicMs)
    const count = this.#deliver(moment)
    if (this.#config.ackPolicy !== 'none') this.members.flush()
    else
      this.members.flushAfter(
        () => this.#settledForGood(),
        () => this.wake(),
      )
    this.#armTimer(moment)
    if (this.options.areInvariantsChecked) this.#checkInvariants()
    if (count >= recordsPerRound || isMoreToReturn) this.#goOnSoon()
  }

  /** Partitions take turns until none has anything to do, or the round is long enough. */
  #deliver(moment: Moment): number {
    const { coordinators } = this
    if (this.#pauses.isAll || !this.#limits.isCaughtUp) {
      for (const coordinator of coordinators) coordinator.readDrained(moment)
      return 0
    }
    let count = 0
    let idle = 0
    while (idle < coordinators.length && count < recordsPerRound) {
      this.#firstTurn = (this.#firstTurn + 1) % coordinators.length
      const done = coordinators[this.#firstTurn]!.work(recordsPerTurn, moment)
      count += done
      idle = done === 0 ? idle + 1 : 0
    }
    return count
  }

  /** Why not a microtask: a long backlog must let the sockets have their turn. */
  #goOnSoon(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    this.options.io.timers.soon(() => this.#round())
  }

  #armTimer({ monotonicMs, wallMs }: Moment): void {
    let deadlineMs = Infinity
    let delayMs = Math.min(this.totals.gates.nextDueMs, monotonicMs + this.#pauses.nextLookMs(wallMs))
    for (const { state } of this.coordinators) {
      deadlineMs = Math.min(deadlineMs, state.deliveries.deadlines.nextDueMs)
      delayMs = Math.min(delayMs, state.delays.nextDueMs)
    }
    this.#timer.arm(monotonicMs, deadlineMs, delayMs)
  }

  #checkInvariants(): void {
    const states = this.coordinators.map(({ state }) => state)
    checkConsumer(this.totals, states, this.totals.mayExceedLimits)
  }

  // ── Members ──────────────────────────────────────────────────────────────────────────────────────────────

  join(port: MemberPort, window: number): Membership {
    const member = this.members.add(port, window)
    /** Dead letters that this member asked for and that are on their way. */
    const letters = new Set<Promise<void>>()
    this.wake()
    return {
      setWindow: (size) => {
        member.window = size
        if (size === 0) member.credits = 0
        this.members.offer(member)
        this.wake()
      },
      pull: (count) => {
        member.credits = creditsAfter(member.credits, count)
        this.members.offer(member)
        this.wake()
      },
      resume: () => {
        this.members.offer(member)
        this.wake()
      },
      isHeldUntilFlush: this.#config.ackPolicy === 'none',
      going: () => this.members.going,
      settle: (settle) => {
        const refusal = this.#settle(member, settle)
        if (settle.verb === settleVerbs.reject && refusal === undefined)
          keepUntilDone(letters, this.#condemned.lastTry)
        return refusal
      },
      durable: async () => {
        const own = [...letters]
        await this.#settlesDurable()
        if (own.length > 0) await Promise.all(own)
      },
      leave: (how) => this.#leave(member, how),
    }
  }

  #settle(member: Member, settle: Settle): ErrorCode | undefined {
    const coordinator = this.coordinators[settle.partition]
    if (coordinator === undefined || this.isClosed) return 'stale-delivery'
    const isDelayWrong = settle.verb === settleVerbs.nack && settle.delayMs > nackDelayMsMax
    if (isDelayWrong && settle.delayMs !== delayByBackoff) return 'invalid-request'
    this.#settleMoment ??= this.now()
    const refusal = coordinator.settle(member, settle, this.#settleMoment)
    this.wake()
    return refusal
  }

  /** All partitions write to one journal, that of the stream's durability. */
  #journalDurable(): Promise<void> {
    return this.coordinators[0]!.durable()
  }

  async #settlesDurable(): Promise<void> {
    try {
      await this.#journalDurable()
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new BrokerError('settle-not-durable', `A settle was not written to disk: ${why}`, { cause })
    }
  }

  /**
   * With `none`, before anything is sent: what a crash made us forget to be settled would be delivered again.
   * Never rejects; while the disk takes nothing, nothing is delivered.
   */
  async #settledForGood(): Promise<void> {
    const { io, logger, stream, name } = this.options
    const written = await this.#journalDurable().then(
      () => true,
      (error: unknown) => {
        const fields = { error, stream: stream.name, consumer: name }
        logger.error(fields, 'deliveries wait until it can be written that they are settled')
        return false
      },
    )
    for (let isDone = written; !isDone && !this.isClosed;) {
      await new Promise<void>((resolve) => {
        io.timers.after(retryMs, resolve)
      })
      isDone = await this.saveProgress().then(
        () => true,
        () => false,
      )
    }
  }

  #leave(member: Member, how: Leaving): void {
    if (this.members.find(member.id) === undefined || this.isClosed) return
    this.members.remove(member, how)
    this.#takeBackFromGone(this.now())
    this.wake()
  }

  /** What members that have left held comes back, a piece in each round; whether there is more. */
  #takeBackFromGone(moment: Moment): boolean {
    const { gone } = this.members
    let left = takenBackPerRound
    for (const leaving of gone) {
      for (const coordinator of this.coordinators) left -= coordinator.returnFrom(leaving, left, moment)
      if (left === 0) return true
      gone.delete(leaving[0])
    }
    return false
  }

  // ── What partitions ask for ──────────────────────────────────────────────────────────────────────────────

  deadLetter(coordinator: FlowCoordinator, slot: number): void {
    this.#condemned.begin(coordinator, slot)
  }

  readFailed(error: unknown, again: () => void): void {
    const { stream, name, logger, io } = this.options
    logger.error(
      { error, stream: stream.name, consumer: name },
      'the log could not be read; it is tried again',
    )
    io.timers.after(retryMs, again)
  }

  // ── Pauses ───────────────────────────────────────────────────────────────────────────────────────────────

  /** The catalog has confirmed other pauses: nothing that they hold is delivered any more. */
  pause(pauses: readonly Pause[]): void {
    this.#pauses.replace(pauses)
    this.#keepPauses(this.now())
    this.wake()
  }

  #keepPauses(moment: Moment): void {
    if (!this.#pauses.advance(moment.wallMs)) return
    this.#settings = { ...this.#settings, paused: pausedFilter(this.#pauses.patterns) }
    for (const coordinator of this.coordinators) coordinator.applySettings(this.#settings, moment)
  }

  // ── Limits that are read live ────────────────────────────────────────────────────────────────────────────

  #limitsOf(config: ConsumerConfig): LiveLimits {
    return this.options.liveLimitsOf(config, () => this.wake())
  }

  #keepLimits(moment: Moment): void {
    const change = this.#limits.take()
    if (change === 'nothing') return
    this.totals.mayExceedLimits = true
    if (change === 'pools') return this.totals.gates.relimit()
    const { parkedMax } = this.options
    const made = compileSettings(this.#config, parkedMax, { readLimit: this.#limits.read })
    this.#settings = { ...this.#settings, rules: made.rules }
    for (const coordinator of this.coordinators) coordinator.applySettings(this.#settings, moment)
  }

  // ── Changes and the end ──────────────────────────────────────────────────────────────────────────────────

  /** Makes all progress durable as it is now, also what the filter has passed over. */
  async saveProgress(): Promise<void> {
    for (const coordinator of this.coordinators) await coordinator.saveProgress()
  }

  /** Reads and delivers nothing until `letGo`: so that what was saved is what an alteration finds. */
  hold(): void {
    this.#pauses.isHeld = true
  }

  letGo(): void {
    this.#pauses.isHeld = false
    this.wake()
  }

  /** The catalog has confirmed another configuration; it holds from the next delivery on. */
  alter(config: ConsumerConfig): void {
    const before = { config: this.#config, settings: this.#settings }
    if (JSON.stringify(config.rules) !== JSON.stringify(this.#config.rules)) {
      this.#limits.close()
      this.#limits = this.#limitsOf(config)
    }
    this.#settings = recompileSettings(before, config, this.#limits.read)
    this.#config = config
    this.totals.mayExceedLimits = true
    const moment = this.now()
    for (const coordinator of this.coordinators) coordinator.applySettings(this.#settings, moment)
    this.wake()
  }

  /** Ends every membership with a reason, and all work. Progress stays as it is. */
  close(reason?: BrokerError): void {
    if (this.isClosed) return
    this.#closedFor = reason ?? new BrokerError('stopping', 'The broker is shutting down')
    this.#timer.cancel()
    for (const stop of this.#stopListening) stop()
    this.#limits.close()
    for (const coordinator of this.coordinators) coordinator.close()
    if (reason === undefined) return
    for (const member of this.members.all()) member.port.ended(reason)
  }
}

/** Why let go: who never waits would gather a promise for every letter. */
function keepUntilDone(promises: Set<Promise<void>>, promise: Promise<void>): void {
  promises.add(promise)
  void promise.then(() => promises.delete(promise))
}

function creditsAfter(credits: number, count: number): number {
  if (count === 0) return 0
  if (credits + count <= pullCountMax) return credits + count
  const before = credits === 0 ? '' : ` after ${credits} that have not come`
  const text = `A pull asks for ${count} records${before}; the limit is ${pullCountMax}`
  throw new BrokerError('invalid-request', text)
}
