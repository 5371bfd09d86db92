// The byte-by-byte peer of the broker's own tests, at a broker process: found by its address, and a member of
// flow consumers by hand.

import { once } from 'node:events'
import { connect } from 'node:net'
import { readSettleFailures, writeSettle } from '@sluice/protocol/native/flow-messages'
import type { Settle, SettleFailure, SettleVerb } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import { writeHello } from '@sluice/protocol/native/handshake'
import type { Hello } from '@sluice/protocol/native/handshake'
// Why across the border of the package: both are tests, and two readers of one protocol would drift apart.
import { deliveriesOf, subscribeBody } from '../../packages/broker/src/servers/native/flow-peer.contract.ts'
import type { Delivered } from '../../packages/broker/src/servers/native/flow-peer.contract.ts'
import { RawPeer } from '../../packages/broker/src/servers/native/raw-peer.contract.ts'
import type { RawFrame } from '../../packages/broker/src/servers/native/raw-peer.contract.ts'

export { frameOf } from '../../packages/broker/src/servers/native/raw-peer.contract.ts'

export class ProcessPeer extends RawPeer {
  static async at(address: string): Promise<ProcessPeer> {
    const [host, port] = address.split(':') as [string, string]
    const socket = connect({ host, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new ProcessPeer(socket)
  }

  /** With the handshake done. */
  static async greetedAt(address: string): Promise<ProcessPeer> {
    const peer = await ProcessPeer.at(address)
    const { error } = await peer.greet()
    if (error !== undefined) throw error
    return peer
  }

  /** The answer as it came, a refusal included. */
  greet(differing: Partial<Hello> = {}): Promise<RawFrame> {
    const hello = { versionMin: 1, versionMax: 1, keepAliveMs: 60_000, clientName: 'raw', ...differing }
    return this.ask(opcodes.hello, (writer) => writeHello(writer, hello))
  }

  /** A call of the control plane; `text` is its body, whatever it is. */
  callText(text: string): Promise<RawFrame> {
    return this.ask(opcodes.call, (writer) => writer.raw(new TextEncoder().encode(text)))
  }

  subscribe(subscription: number, stream: string, consumer: string, window = 10): Promise<RawFrame> {
    return this.ask(opcodes.subscribe, subscribeBody(stream, window, subscription, consumer))
  }

  /** Settles by hand, and answers with what was refused. */
  async settle(
    subscription: number,
    verb: SettleVerb,
    tokens: readonly Pick<Settle, 'partition' | 'slot' | 'sequence'>[],
    delayMs = 0,
  ): Promise<SettleFailure[]> {
    const { error, body } = await this.ask(opcodes.settle, (writer) => {
      writer.u32(subscription)
      writer.u32(tokens.length)
      for (const { partition, slot, sequence } of tokens)
        writeSettle(writer, { verb, partition, slot, sequence, delayMs, reason: '' })
    })
    if (error !== undefined) throw error
    return readSettleFailures(body)
  }

  get deliveries(): Delivered[] {
    return deliveriesOf(this)
  }

  /** All deliveries, when so many have come. */
  async delivered(count: number): Promise<readonly Delivered[]> {
    await this.find(() => this.deliveries.length >= count)
    return this.deliveries
  }
}
