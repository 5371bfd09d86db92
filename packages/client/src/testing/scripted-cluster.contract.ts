// Nodes that share streams, for tests: each refuses what another one leads. What leads what, and who is
// there, changes when a test says so.

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { readPublish, readRead, writePublished } from '@sluice/protocol/native/publish-messages'
import type { ReadRequest } from '@sluice/protocol/native/publish-messages'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { ScriptedBroker } from './scripted-broker.contract.ts'
import type { ReceivedRequest, Script } from './scripted-broker.contract.ts'

type Params = Record<string, string>

export class ScriptedCluster {
  readonly nodes: ScriptedBroker[]
  /** The node that leads each partition of every stream. */
  leaders: number[]
  /** The node that serves every consumer. */
  consumerNode = 0
  /** Where nodes say that they listen, where that is not so. */
  readonly ports = new Map<number, number>()
  /** What each partition stores, and at which node it was published. */
  readonly stored: { readonly data: string; readonly node: number }[][]
  /** Asked before a node does anything; true when it took the request. */
  readonly scripts = new Map<number, Script>()

  private constructor(nodes: ScriptedBroker[], leaders: number[]) {
    this.nodes = nodes
    this.leaders = leaders
    this.stored = leaders.map(() => [])
    for (const [node, broker] of nodes.entries()) broker.script = (request) => this.#take(node, request)
  }

  static async start(nodeCount: number, leaders: number[]): Promise<ScriptedCluster> {
    const starting = Array.from({ length: nodeCount }, () => ScriptedBroker.start())
    return new ScriptedCluster(await Promise.all(starting), leaders)
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()))
  }

  /** Cuts the connections of a node and stops it. */
  stop(node: number): Promise<void> {
    return this.nodes[node]!.close()
  }

  /** Starts a node that was stopped, where it was or at another port. */
  async restart(node: number, port: number = this.nodes[node]!.port): Promise<void> {
    this.nodes[node] = await ScriptedBroker.start((request) => this.#take(node, request), port)
    this.ports.set(node, this.nodes[node].port)
  }

  #take(node: number, request: ReceivedRequest): boolean {
    if (this.scripts.get(node)?.(request) === true) return true
    switch (request.opcode) {
      case opcodes.call:
        return this.#answerCall(node, request)
      case opcodes.publish:
        return this.#publish(node, request)
      case opcodes.read:
        return this.#read(node, request)
      case opcodes.subscribe:
        return this.#refuseUnless(node === this.consumerNode, request)
      default:
        return false
    }
  }

  #answerCall(node: number, request: ReceivedRequest): boolean {
    const { method, params } = JSON.parse(Buffer.from(request.body).toString()) as {
      method: string
      params: Params
    }
    const result = this.#resultOf(node, method, params)
    request.peer.send(opcodes.call, request.correlation, (writer) =>
      writer.raw(Buffer.from(JSON.stringify(result))),
    )
    return true
  }

  #resultOf(node: number, method: string, params: Params): unknown {
    if (method === 'broker.info') return { name: 'scripted', node }
    if (method === 'cluster.nodes')
      return this.nodes.map(({ port }, at) => ({ node: at, port: this.ports.get(at) ?? port }))
    if (method.startsWith('consumers.')) return { ...params, config: {}, node: this.consumerNode }
    const partitions = this.leaders.map((leader, partition) => ({ partition, node: leader }))
    return { name: params['name'], config: { partitions: partitions.length }, partitions }
  }

  #publish(node: number, request: ReceivedRequest): boolean {
    const { parts } = readPublish(new ByteReader(request.body))
    if (parts.some(({ partition }) => this.leaders[partition] !== node))
      return this.#refuseUnless(false, request)
    const published = parts.map(({ partition, batch }) => {
      const log = this.stored[partition]!
      const baseOffset = log.length
      for (const { data } of decodeRecords(batch, 0)) log.push({ data: Buffer.from(data!).toString(), node })
      return { partition, baseOffset }
    })
    request.peer.send(opcodes.publish, request.correlation, (writer) => writePublished(writer, published))
    return true
  }

  #read(node: number, request: ReceivedRequest): boolean {
    const { partition }: ReadRequest = readRead(new ByteReader(request.body))
    if (this.leaders[partition] !== node) return this.#refuseUnless(false, request)
    const nextOffset = this.stored[partition]!.length
    const batches = new Uint8Array(0)
    request.peer.sendRead(request.correlation, {
      logStart: 0,
      highWatermark: nextOffset,
      nextOffset,
      batches,
    })
    return true
  }

  /** True when it was refused. */
  #refuseUnless(isLed: boolean, request: ReceivedRequest): boolean {
    if (!isLed) request.peer.refuse(request, new BrokerError('not-leader', 'Another node leads it'))
    return !isLed
  }
}
