// Kafka's error numbers for what groups answer.

import type { GroupError } from '../../services/groups/group-messages.ts'
import { kafkaErrors } from './kafka-errors.ts'

export const groupErrors: { readonly [Error in GroupError]: number } = {
  none: kafkaErrors.NONE,
  'coordinator-not-available': kafkaErrors.COORDINATOR_NOT_AVAILABLE,
  'not-coordinator': kafkaErrors.NOT_COORDINATOR,
  'illegal-generation': kafkaErrors.ILLEGAL_GENERATION,
  'inconsistent-group-protocol': kafkaErrors.INCONSISTENT_GROUP_PROTOCOL,
  'invalid-group-id': kafkaErrors.INVALID_GROUP_ID,
  'unknown-member-id': kafkaErrors.UNKNOWN_MEMBER_ID,
  'invalid-session-timeout': kafkaErrors.INVALID_SESSION_TIMEOUT,
  'rebalance-in-progress': kafkaErrors.REBALANCE_IN_PROGRESS,
  'offset-metadata-too-large': kafkaErrors.OFFSET_METADATA_TOO_LARGE,
  'unknown-topic-or-partition': kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION,
  'invalid-request': kafkaErrors.INVALID_REQUEST,
  'non-empty-group': kafkaErrors.NON_EMPTY_GROUP,
  'group-id-not-found': kafkaErrors.GROUP_ID_NOT_FOUND,
  'member-id-required': kafkaErrors.MEMBER_ID_REQUIRED,
  'group-max-size-reached': kafkaErrors.GROUP_MAX_SIZE_REACHED,
  'fenced-instance-id': kafkaErrors.FENCED_INSTANCE_ID,
  'group-subscribed-to-topic': kafkaErrors.GROUP_SUBSCRIBED_TO_TOPIC,
  'fenced-member-epoch': kafkaErrors.FENCED_MEMBER_EPOCH,
  'unreleased-instance-id': kafkaErrors.UNRELEASED_INSTANCE_ID,
  'unsupported-assignor': kafkaErrors.UNSUPPORTED_ASSIGNOR,
  'stale-member-epoch': kafkaErrors.STALE_MEMBER_EPOCH,
  'invalid-regular-expression': kafkaErrors.INVALID_REGULAR_EXPRESSION,
  'unsupported-version': kafkaErrors.UNSUPPORTED_VERSION,
}
