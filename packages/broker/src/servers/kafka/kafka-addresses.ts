// Where clients reach the nodes, by the listener that they came by. Told from outside once all nodes listen;
// who asks before is answered then.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { KafkaEndpoint, KafkaNode, ListenAddress } from '../connections/listen-address.ts'

export class KafkaAddresses {
  readonly #known = Promise.withResolvers<void>()
  #byListener: readonly (readonly KafkaNode[])[] = []

  set(byListener: readonly (readonly KafkaNode[])[]): void {
    this.#byListener = byListener
    this.#known.resolve()
  }

  async nodes(listener: number): Promise<readonly KafkaNode[]> {
    await this.#known.promise
    return this.#byListener[listener] ?? []
  }
}

/** The one of a node, of `nodeCount`, that listens at `bound`. Beyond one node each has a port of its own. */
export function advertisedNode(
  { advertised }: KafkaEndpoint,
  node: number,
  nodeCount: number,
  bound: ListenAddress,
): KafkaNode {
  if (advertised === undefined) return { node, host: bound.host, port: bound.port }
  return { node, host: advertised.host, port: ownPort(advertised.port, node, nodeCount) }
}

/** Several nodes share one port for clients to begin with, and have one each above it. */
export function ownPort(port: number, node: number, nodeCount: number): number {
  return nodeCount === 1 || port === 0 ? port : port + 1 + node
}

/** Throws `invalid-config` for an address that clients could not use. */
export function checkEndpoints(endpoints: readonly KafkaEndpoint[]): void {
  const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'
  for (const { host, advertised } of endpoints) {
    if (!isWildcard(advertised?.host ?? host)) continue
    const text = `Kafka clients are told where to connect, and ${host} is everywhere: set kafkaAdvertised`
    throw new BrokerError('invalid-config', text)
  }
}
