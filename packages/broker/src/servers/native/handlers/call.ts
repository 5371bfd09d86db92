// CALL: the control plane, `{ "method": …, "params": … }`, checked against the method's shape before
// it is run.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { CallMethod } from '@sluice/protocol/native/calls'
import { opcodes } from '@sluice/protocol/native/frame'
import { callBytesMax } from '../native-limits.ts'
import type { NativeSession } from '../native-session.ts'
import { runCall } from '../run-call.ts'
import { callShapes, requestShape } from './call-shapes.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()

export async function handleCall(
  session: NativeSession,
  correlation: number,
  body: ByteReader,
): Promise<void> {
  const { services, outbox } = session
  const { method, params } = readCall(body)
  const result = await (services.router?.route(method, params) ?? runCall(services, method, params))
  const bytes = encoder.encode(JSON.stringify(result))
  outbox.endWith(
    outbox.begin(opcodes.call, correlation),
    [{ bytes, start: 0, end: bytes.length }],
    bytes.length,
  )
}

interface Call {
  readonly method: CallMethod
  readonly params: unknown
}

function readCall(body: ByteReader): Call {
  if (body.remaining > callBytesMax) {
    throw new BrokerError(
      'invalid-request',
      `A call has ${body.remaining} bytes; the limit is ${callBytesMax}`,
    )
  }
  const request = parse(body.raw(body.remaining))
  const requestFault = requestShape.faultOf(request)
  if (requestFault !== undefined)
    throw new BrokerError('invalid-request', `A call cannot be read: ${requestFault}`)
  const { method, params = {} } = request as { method: string; params?: unknown }
  if (!Object.hasOwn(callShapes, method)) {
    throw new BrokerError('unknown-method', `There is no method ${JSON.stringify(method)}`)
  }
  const known = method as CallMethod
  const fault = callShapes[known].faultOf(params)
  if (fault !== undefined)
    throw new BrokerError('invalid-request', `The parameters of ${known} do not fit: ${fault}`)
  return { method: known, params }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BrokerError('invalid-request', `A call is no JSON: ${why}`, { cause })
  }
}
