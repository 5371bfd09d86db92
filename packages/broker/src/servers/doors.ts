// All doors of a node over its services. What their connections have in progress is bounded for all of them
// together.

import type { CallMethod } from '@sluice/protocol/native/calls'
import type { Transactions } from '../cluster/metadata.ts'
import { ProducerIds } from '../services/producers/producer-ids.ts'
import type {
  DoorAddresses,
  KafkaEndpoint,
  ListenAddress,
  OwnAndFront,
} from './connections/listen-address.ts'
import { GivenUpLines } from './connections/given-up-lines.ts'
import { sharedBounds } from './connections/request-gate.ts'
import { advertisedNode, checkEndpoints, KafkaAddresses } from './kafka/kafka-addresses.ts'
import type { KafkaLimits } from './kafka/kafka-limits.ts'
import type { KafkaListener } from './kafka/kafka-listener.ts'
import type { KafkaServices } from './kafka/kafka-session.ts'
import { TopicIndex } from './kafka/topic-index.ts'
import type { NativeLimits } from './native/native-limits.ts'
import { NativeListener } from './native/native-listener.ts'
import type { NativeServices } from './native/native-session.ts'

export interface DoorServices extends Omit<NativeServices, 'bounds' | 'givenUp' | 'limits'> {
  readonly limits: NativeLimits & KafkaLimits
  readonly metadata: Transactions
  /** 16 hexadecimal digits. */
  readonly clusterId: string
  readonly nodeCount: number
}

export class Doors {
  readonly native: NativeListener
  /** What Kafka clients are told. */
  readonly addresses: KafkaAddresses = new KafkaAddresses()
  readonly #kafkaServices: KafkaServices
  #kafka: KafkaListener | undefined

  constructor(services: DoorServices) {
    const { io, logger, streams, groups, limits, clusterId, nodeCount, router, metadata } = services
    const bounds = sharedBounds(limits.totalBytesInProgressMax)
    const givenUp = new GivenUpLines(logger, io.clock)
    this.native = new NativeListener({ ...services, bounds, givenUp })
    const call = ((method: CallMethod, params: unknown) =>
      router?.route(method, params) ?? this.native.call(method, params)) as KafkaServices['call']
    this.#kafkaServices = {
      io,
      logger,
      streams,
      groups,
      producerIds: new ProducerIds(metadata),
      topics: new TopicIndex(streams, clusterId),
      limits,
      bounds,
      givenUp,
      cluster: {
        id: clusterId,
        brokerIdOf: (node = 0) => limits.kafkaNodeId + node,
        hasBroker: (id) => id >= limits.kafkaNodeId && id < limits.kafkaNodeId + nodeCount,
        nodeCount,
        nodes: (listener) => this.addresses.nodes(listener),
      },
      call,
    }
  }

  /** For the only node of a broker: listens for Kafka clients, and tells them where. */
  async listenForKafka(endpoints: readonly KafkaEndpoint[]): Promise<ListenAddress[]> {
    checkEndpoints(endpoints)
    const bound: ListenAddress[] = []
    for (const [listener, endpoint] of endpoints.entries()) {
      const { host, port } = endpoint
      const kafka = await this.#openKafka()
      bound.push(await kafka.listen({ host, port }, listener))
    }
    this.addresses.set(endpoints.map((endpoint, at) => [advertisedNode(endpoint, 0, 1, bound[at]!)]))
    return bound
  }

  /**
   * For one of several nodes; answers with ports that are not 0. At its own addresses first: clients that
   * begin at a shared one are sent there.
   */
  async listenShared({ native, kafka }: DoorAddresses): Promise<DoorAddresses> {
    const both = async (
      { own, front }: OwnAndFront,
      listen: (address: ListenAddress) => Promise<ListenAddress>,
    ): Promise<OwnAndFront> => ({ own: await listen(own), front: await listen({ ...front, isShared: true }) })
    const opened: OwnAndFront[] = []
    for (const [listener, addresses] of kafka.entries()) {
      const door = await this.#openKafka()
      opened.push(await both(addresses, (address) => door.listen(address, listener)))
    }
    return { native: await both(native, (address) => this.native.listen(address)), kafka: opened }
  }

  /** Answers what is in progress, and closes all connections. */
  async close(): Promise<void> {
    await Promise.all([this.native.close(), this.#kafka?.close()])
  }

  /** Why at call: it is an eighth of what a broker loads, and many have no Kafka clients. */
  async #openKafka(): Promise<KafkaListener> {
    const { KafkaListener } = await import('./kafka/kafka-listener.ts')
    this.#kafka ??= new KafkaListener(this.#kafkaServices)
    return this.#kafka
  }
}
