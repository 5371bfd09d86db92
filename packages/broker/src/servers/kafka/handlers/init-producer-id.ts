// InitProducerId: names an idempotent producer. Transactions are not offered, and whoever asks for one is
// refused in a way that clients give up on at once.

import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from '@sluice/protocol/kafka/generated/init-producer-id'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

const none = -1

/** Always another id, also for who names the one that it has: so Kafka does without transactions. */
export async function handleInitProducerId(
  session: KafkaSession,
  request: InitProducerIdRequest,
): Promise<InitProducerIdResponse> {
  const { transactionalId, producerId, producerEpoch } = request
  if (transactionalId !== null) {
    const isEmpty = transactionalId === ''
    return refuseInitProducerId(
      request,
      isEmpty ? kafkaErrors.INVALID_REQUEST : kafkaErrors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    )
  }
  if ((producerId === none) !== (producerEpoch === none)) {
    return refuseInitProducerId(request, kafkaErrors.INVALID_REQUEST)
  }
  const id = await session.services.producerIds.take()
  return {
    throttleTimeMs: session.throttleTimeMs(),
    errorCode: kafkaErrors.NONE,
    producerId: id,
    producerEpoch: 0,
  }
}

export function refuseInitProducerId(
  _request: InitProducerIdRequest,
  errorCode: number,
): InitProducerIdResponse {
  return { throttleTimeMs: 0, errorCode, producerId: none, producerEpoch: none }
}
