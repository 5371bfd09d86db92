// SaslHandshake and SaslAuthenticate at a door where nobody has to say who they are: answered as Kafka does
// at a listener without SASL, so that a client that is configured for it says so, and does not try forever.

import type {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from '@sluice/protocol/kafka/generated/sasl-authenticate'
import type {
  SaslHandshakeRequest,
  SaslHandshakeResponse,
} from '@sluice/protocol/kafka/generated/sasl-handshake'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

const errorCode = kafkaErrors.ILLEGAL_SASL_STATE
const noBytes = new Uint8Array(0)

export function handleSaslHandshake(
  _session: KafkaSession,
  _request: SaslHandshakeRequest,
): SaslHandshakeResponse {
  return { errorCode, mechanisms: [] }
}

export function handleSaslAuthenticate(
  _session: KafkaSession,
  _request: SaslAuthenticateRequest,
): SaslAuthenticateResponse {
  const errorMessage = 'This listener asks nobody who they are.'
  return { errorCode, errorMessage, authBytes: noBytes, sessionLifetimeMs: 0 }
}
