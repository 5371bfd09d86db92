// What `connect` takes, its defaults and bounds.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { parseServer } from './link/server-address.ts'
import type { ServerAddress } from './link/server-address.ts'
import type { ReconnectRange } from './link/reconnect-delay.ts'
import type { ClientPlatform } from './transport/platform.ts'

export interface ClientOptions {
  /** `host:port`, several of one cluster; tried in turn. Default `['127.0.0.1:9898']`. */
  readonly servers?: readonly string[] | undefined
  /** Shown by the broker where it names its members. Default `client`. */
  readonly name?: string | undefined
  /** Waits between tries to connect: from nothing to `minMs`, doubling up to `maxMs`. Default 50 and 5000. */
  readonly reconnect?: Partial<ReconnectRange> | undefined
  /** How long `connect` tries before it rejects. Default 5000. */
  readonly connectTimeoutMs?: number | undefined
  /** How long a request may wait for a connection and an answer together. Default 30 000. */
  readonly requestTimeoutMs?: number | undefined
  /**
   * How long the broker may be silent before it is given up; the broker may say otherwise. Default 30 000.
   */
  readonly keepAliveMs?: number | undefined
  /** Bytes of requests without an answer, waiting or sent, before more are refused. Default 64 MiB. */
  readonly maxBufferedBytes?: number | undefined
  /** Aborting it ends `connect`, and closes the client later on. */
  readonly signal?: AbortSignal | undefined
  /**
   * For simulators and in-process brokers: another world than this process. `servers` are then its addresses.
   */
  readonly platform?: ClientPlatform | undefined
}

export interface ClientSettings {
  readonly servers: readonly ServerAddress[]
  readonly name: string
  readonly reconnect: ReconnectRange
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxBufferedBytes: number
}

const dayMs = 24 * 3_600_000

/** Throws `invalid-option`, naming the option. */
export function readClientOptions(options: ClientOptions): ClientSettings {
  const servers = (options.servers ?? ['127.0.0.1:9898']).map(parseServer)
  if (servers.length === 0) throw new BrokerError('invalid-option', 'servers is empty')
  const minMs = inRange('reconnect.minMs', options.reconnect?.minMs ?? 50, 1, dayMs)
  return {
    servers,
    name: options.name ?? 'client',
    reconnect: { minMs, maxMs: inRange('reconnect.maxMs', options.reconnect?.maxMs ?? 5_000, minMs, dayMs) },
    connectTimeoutMs: inRange('connectTimeoutMs', options.connectTimeoutMs ?? 5_000, 1, dayMs),
    requestTimeoutMs: inRange('requestTimeoutMs', options.requestTimeoutMs ?? 30_000, 1, dayMs),
    keepAliveMs: inRange('keepAliveMs', options.keepAliveMs ?? 30_000, 10, dayMs),
    maxBufferedBytes: inRange('maxBufferedBytes', options.maxBufferedBytes ?? 64 * 1024 * 1024, 1, 2 ** 40),
  }
}

/** An integer option within its bounds. */
export function inRange(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new BrokerError(
    'invalid-option',
    `${name} is ${String(value)}; it must be a whole number from ${min} to ${max}`,
  )
}
