// PING: a sign of life, which the connection has noticed already. It is not answered; each side
// sends its own.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import type { NativeSession } from '../native-session.ts'

export function handlePing(_session: NativeSession, _correlation: number, body: ByteReader): void {
  body.finish()
}
