// What the client asks of the world: connections, time and chance. Everything else in the client is a
// deterministic function of what comes through here, so that a simulator can run it from one seed.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'

export interface ClientPlatform {
  /** Rejects with an Error whose message says why; the client destroys a connection that comes too late. */
  connect(host: string, port: number): Promise<ByteConnection>
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonicMs(): number
  /** Milliseconds since 1970: the timestamp of published messages. */
  wallMs(): number
  after(ms: number, callback: () => void): PlatformTimer
  /** An integer from 0 to 2^32 - 1; spreads reconnects. */
  randomU32(): number
}

export interface PlatformTimer {
  /** Harmless when the timer has fired or was cancelled. */
  cancel(): void
}
