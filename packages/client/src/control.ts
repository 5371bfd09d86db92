// The control plane: streams, consumers and the broker itself, asked with CALL.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { CallMethod, CallParams, CallResult } from '@sluice/protocol/native/calls'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Link } from './link/link.ts'
import { isMisrouted } from './routing/retries.ts'
import type { Retries } from './routing/retries.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What changes nothing; after a break it is asked again. */
type Question = Extract<
  CallMethod,
  `${string}.${'info' | 'get' | 'list' | 'stats' | 'explain' | 'pools' | 'blocked' | 'nodes'}`
>

export class Control {
  readonly #link: Link
  readonly #retries: Retries

  constructor(link: Link, retries: Retries) {
    this.#link = link
    this.#retries = retries
  }

  /**
   * Asked again while the node that knows the answer is not there. `spentMs` of the time that it may take are
   * over already.
   */
  async ask<M extends Question>(method: M, params: CallParams<M>, spentMs = 0): Promise<CallResult<M>> {
    const startedMs = this.#retries.nowMs() - spentMs
    for (let tries = 1; ; tries++) {
      try {
        const waitMs = startedMs - this.#retries.nowMs()
        return await this.#call(method, params, { isRepeatable: true, waitMs })
      } catch (error) {
        if (!isMisrouted(error)) throw error
        if (!(await this.#retries.pause(tries, this.#retries.nowMs() - startedMs))) throw error
      }
    }
  }

  /** Rejects with `outcome-unknown` when the connection breaks before the answer. */
  order<M extends Exclude<CallMethod, Question>>(method: M, params: CallParams<M>): Promise<CallResult<M>> {
    return this.#call(method, params, { isRepeatable: false, waitMs: 0 })
  }

  async #call<M extends CallMethod>(
    method: M,
    params: unknown,
    terms: { readonly isRepeatable: boolean; readonly waitMs: number },
  ): Promise<CallResult<M>> {
    const body = encoder.encode(toJson(method, params))
    return this.#link.request<CallResult<M>>({
      opcode: opcodes.call,
      ...terms,
      sizeBytes: body.length,
      encode: (writer) => writer.raw(body),
      decode: (reader) => JSON.parse(decoder.decode(reader.raw(reader.remaining))) as CallResult<M>,
    })
  }
}

function toJson(method: string, params: unknown): string {
  try {
    return JSON.stringify({ method, params })
  } catch (cause) {
    throw new BrokerError('invalid-request', `The parameters of ${method} are no JSON`, { cause })
  }
}
