// Answers HELLO: which version is spoken, and how often the two sides hear of each other.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { protocolVersion, readHello, writeWelcome } from '@sluice/protocol/native/handshake'
import type { Hello } from '@sluice/protocol/native/handshake'
import type { NativeSession } from './native-session.ts'

const clientNameMax = 200

export interface Greeting {
  /** As the peer calls itself, cut to a length that fits a log line. */
  readonly clientName: string
  readonly keepAliveMs: number
}

/** Throws `malformed-frame` for what is no HELLO, `unsupported-version` where no version fits. */
export function greet(session: NativeSession, correlation: number, body: ByteReader): Greeting {
  const { limits, identity } = session.services
  const hello = readHello(body)
  const version = versionFor(hello)
  const keepAliveMs = Math.min(Math.max(hello.keepAliveMs, limits.keepAliveMsMin), limits.keepAliveMsMax)
  const { bootEpoch, name: brokerName } = identity
  const start = session.outbox.begin(opcodes.hello, correlation)
  writeWelcome(session.outbox.writer, {
    version,
    keepAliveMs,
    bootEpoch,
    frameBytesMax: limits.frameBytesMax,
    brokerName,
  })
  session.outbox.end(start)
  return { clientName: hello.clientName.slice(0, clientNameMax), keepAliveMs }
}

function versionFor({ versionMin, versionMax }: Hello): number {
  if (versionMin <= protocolVersion && versionMax >= protocolVersion) return protocolVersion
  const text = `The client speaks ${versionMin} to ${versionMax}, this broker only ${protocolVersion}`
  throw new BrokerError('unsupported-version', text)
}
