// The shards of a broker as its control thread sees them: starts their threads, connects each with each,
// takes them through the steps of a start, and starts again those that end. Must never let one shard's end
// be the end of another; what does not stop ending is the end of all.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { NodeAddress } from '@sluice/protocol/native/calls'
import type { Logger } from './base/logger.ts'
import { PeerTable } from './cluster/peer-table.ts'
import { Peer } from './cluster/peer.ts'
import type { PeerServices } from './cluster/peer.ts'
import type { Io, Timer } from './io/io.ts'
import type { Thread, Threads } from './io/threads.ts'
import type { DoorAddresses, KafkaEndpoint, ListenAddress } from './servers/connections/listen-address.ts'
import { advertisedNode, checkEndpoints, ownPort } from './servers/kafka/kafka-addresses.ts'
import { CrashWindow } from './shard-crashes.ts'
import type { ShardMessages, ShardSetup, ShardStep } from './shard-messages.ts'
import type { SharedSetup } from './shard-setup.ts'

export interface FleetOptions {
  readonly io: Io
  readonly threads: Threads
  readonly logger: Logger
  readonly setup: SharedSetup
  /** Whether the first start may trust what is on disk; a later one never. */
  readonly isFirstClean: boolean
  /** Of the start of a shard. */
  readonly bootEpochOf: (isFirst: boolean) => Promise<number>
  /** Where all shards listen together. */
  readonly listen: ListenAddress
  /** The same for Kafka clients. */
  readonly kafka: readonly KafkaEndpoint[]
  /** What the control thread answers. */
  readonly services: PeerServices<ShardMessages>
  /** Keeps streams as they are while shards start: they read the catalog once. */
  readonly whileUnchanged: (action: () => Promise<void>) => Promise<void>
  /** A shard that was started again has opened its logs. */
  readonly renewed: (node: number) => Promise<void>
  /** Shards end again and again. */
  readonly failed: () => void
}

interface RunningShard {
  readonly thread: Thread
  readonly peer: Peer<ShardMessages>
  readonly ended: Promise<Error | undefined>
}

export class ShardFleet {
  readonly peers = new PeerTable<ShardMessages>()
  readonly #options: FleetOptions
  readonly #running = new Map<number, RunningShard>()
  readonly #addresses = new Map<number, DoorAddresses>()
  readonly #crashes: CrashWindow
  #timer: Timer | undefined
  #restarting: Promise<void> = Promise.resolve()
  #isStarted = false
  #isClosing = false
  #firstFailure: Error | undefined
  /** Why: while all shards are away, nothing else would. */
  readonly #letGo: () => void

  /** Throws `invalid-config`. */
  constructor(options: FleetOptions) {
    checkEndpoints(options.kafka)
    this.#options = options
    this.#crashes = new CrashWindow(options.io.clock)
    this.#letGo = options.threads.keepAlive()
  }

  get nodes(): NodeAddress[] {
    const rows = Array.from(this.#addresses, ([node, { native }]) => ({ node, port: native.own.port }))
    return rows.sort((one, other) => one.node - other.node)
  }

  /** Where clients begin. */
  get front(): ListenAddress | undefined {
    return this.#addresses.get(0)?.native.front
  }

  /** Where Kafka clients begin. */
  get kafkaFronts(): ListenAddress[] {
    return this.#addresses.get(0)?.kafka.map(({ front }) => front) ?? []
  }

  /** All threads run, and have opened their logs. Rejects with why one of them could not. */
  openAll(): Promise<void> {
    return this.#orFirstFailure(async () => {
      const all = this.#all()
      await this.#spawn(all, true)
      await this.#step('shard.open', all)
    })
  }

  /** All serve. */
  beginAll(): Promise<void> {
    return this.#orFirstFailure(async () => {
      await this.#step('shard.begin', this.#all())
      await this.#listen(this.#all())
      this.#isStarted = true
    })
  }

  /** Ends all of them in order. Resolves with whether all that was acknowledged is on disk as written. */
  async close(): Promise<boolean> {
    this.#isClosing = true
    this.#timer?.cancel()
    await this.#restarting
    let isClean = this.#isStarted && this.#running.size === this.#options.setup.nodeCount
    for (const step of ['shard.closeDoors', 'shard.closeFlow', 'shard.closeLogs'] as const) {
      isClean = (await this.#closingStep(step)) && isClean
    }
    await this.#terminate([...this.#running.keys()])
    this.#letGo()
    return isClean
  }

  /** A shard did not do what the catalog says. */
  restart(node: number, error: unknown): void {
    this.#options.logger.error(
      { error, shard: node },
      'a shard is out of step with the catalog; it is restarted',
    )
    this.#running.get(node)?.thread.terminate()
  }

  #all(): number[] {
    return Array.from({ length: this.#options.setup.nodeCount }, (_, node) => node)
  }

  // ── Starting ─────────────────────────────────────────────────────────────────────────────────────────────

  async #spawn(nodes: readonly number[], isFirst: boolean): Promise<void> {
    const { threads, setup: shared, isFirstClean, bootEpochOf, services, logger } = this.#options
    for (const node of nodes) {
      const bootEpoch = await bootEpochOf(isFirst)
      const setup: ShardSetup = { ...shared, node, bootEpoch, wasClosedCleanly: isFirst && isFirstClean }
      const [ours, theirs] = threads.channel()
      const { promise: ended, resolve } = Promise.withResolvers<Error | undefined>()
      const thread = threads.start({ setup, end: theirs }, resolve)
      const name = `Node ${node}`
      const peer = new Peer<ShardMessages>(threads.open(ours), { name, services, logger, closed: () => {} })
      this.#running.set(node, { thread, peer, ended })
      this.peers.set(node, peer)
      void ended.then((error) => this.#ended(node, error))
    }
    for (const node of nodes) this.#connect(node, new Set(nodes))
  }

  /** With all that run; two that are both new are connected once. */
  #connect(node: number, added: ReadonlySet<number>): void {
    const own = this.#running.get(node)
    for (const [other, { peer }] of this.#running) {
      if (other === node || (added.has(other) && other > node)) continue
      const [ours, theirs] = this.#options.threads.channel()
      own?.peer.tell('shard.joined', { node: other }, ours)
      peer.tell('shard.joined', { node }, theirs)
    }
  }

  async #step(method: ShardStep, nodes: readonly number[]): Promise<void> {
    const outcomes = await Promise.allSettled(
      nodes.map(async (node) => this.peers.require(node).request(method, null)),
    )
    const refusals = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map(({ reason }) => reason as unknown)
    // Why not the first: that another is away is seldom why.
    if (refusals.length > 0) throw refusals.find((reason) => !isAway(reason)) ?? refusals[0]
  }

  /** One after the other: where the system chooses the port, the first says which. */
  async #listen(nodes: readonly number[]): Promise<void> {
    const { listen, kafka } = this.#options
    for (const node of nodes) {
      const known = this.#addresses.get(node)
      const first = this.#addresses.get(0)
      const addresses = {
        native: known?.native ?? { own: ownAddress(listen, node), front: first?.native.front ?? listen },
        kafka: kafka.map(
          ({ host, port }, at) =>
            known?.kafka[at] ?? {
              own: ownAddress({ host, port }, node),
              front: first?.kafka[at]?.front ?? { host, port },
            },
        ),
      }
      this.#addresses.set(node, await this.peers.require(node).request('shard.listen', addresses))
    }
    this.#tellKafkaNodes()
  }

  /** All that run: those that were started again have heard nothing yet. */
  #tellKafkaNodes(): void {
    const { kafka, setup } = this.#options
    const { nodeCount } = setup
    const byListener = kafka.map((endpoint, at) =>
      Array.from(this.#addresses, ([node, addresses]) =>
        advertisedNode(endpoint, node, nodeCount, addresses.kafka[at]!.own),
      ).sort((one, other) => one.node - other.node),
    )
    for (const { peer } of this.#running.values()) peer.tell('shard.kafkaNodes', byListener)
  }

  async #orFirstFailure(action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (!isAway(error)) throw error
      // Why waited for: a thread's own error comes when the thread has ended, after its channel has.
      await Promise.all(
        Array.from(this.#running.values(), ({ thread, ended }) => (thread.terminate(), ended)),
      )
      throw this.#firstFailure ?? error
    }
  }

  // ── What ends ────────────────────────────────────────────────────────────────────────────────────────────

  #ended(node: number, error: Error | undefined): void {
    this.#running.delete(node)
    if (this.#isClosing) return
    this.#firstFailure ??= error
    if (!this.#isStarted) return
    this.#options.logger.error({ error, shard: node }, 'a shard has ended; it is started again')
    this.#crashes.add()
    this.#restartLater()
  }

  #restartLater(): void {
    if (this.#timer !== undefined || this.#isClosing) return
    if (this.#crashes.isLoop) {
      const text = `shards have ended ${this.#crashes.count} times within a minute; ending at once`
      this.#options.logger.error({}, text)
      return this.#options.failed()
    }
    this.#timer = this.#options.io.timers.after(this.#crashes.backoffMs, () => {
      const { logger, whileUnchanged } = this.#options
      this.#restarting = whileUnchanged(() => this.#restart())
        .catch((error: unknown) => logger.error({ error }, 'shards could not be started again'))
        .finally(() => this.#settle())
    })
  }

  /** All that are away together: each needs to hear from the others before it can begin. */
  async #restart(): Promise<void> {
    const nodes = this.#all().filter((node) => !this.#running.has(node))
    if (this.#isClosing || nodes.length === 0) return
    try {
      await this.#spawn(nodes, false)
      await this.#step('shard.open', nodes)
      for (const node of nodes) this.#tellRenewed(node)
      await Promise.all(nodes.map((node) => this.#options.renewed(node)))
      await this.#step('shard.begin', nodes)
      await this.#listen(nodes)
    } catch (error) {
      await this.#terminate(nodes)
      throw error
    }
    this.#options.logger.info({ shards: nodes }, 'shards serve again')
  }

  #tellRenewed(renewed: number): void {
    for (const [node, { peer }] of this.#running)
      if (node !== renewed) peer.tell('shard.renewed', { node: renewed })
  }

  /** After an attempt: whoever is away now needs another. */
  #settle(): void {
    this.#timer = undefined
    if (this.#running.size < this.#options.setup.nodeCount) this.#restartLater()
  }

  async #terminate(nodes: readonly number[]): Promise<void> {
    const ending = nodes.map((node) => this.#running.get(node)).filter((shard) => shard !== undefined)
    for (const { thread } of ending) thread.terminate()
    await Promise.all(ending.map(({ ended }) => ended))
  }

  async #closingStep(step: ShardStep): Promise<boolean> {
    try {
      await this.#step(step, [...this.#running.keys()])
      return true
    } catch (error) {
      this.#options.logger.error({ error, step }, 'a shard could not be closed in order')
      return false
    }
  }
}

/** The ports above the shared one; a free one where the system chooses that. */
function ownAddress({ host, port }: ListenAddress, node: number): ListenAddress {
  return { host, port: ownPort(port, node, Infinity) }
}

function isAway(error: unknown): boolean {
  return error instanceof BrokerError && error.code === 'node-unavailable'
}
