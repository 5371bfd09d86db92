// What a client is told that it may do. There is no authorizer yet, so it may do all that can be done with a
// resource: one bit for each operation, by Kafka's numbers.

/** What Kafka answers where it was not asked. */
export const operationsNotAsked = -2_147_483_648

const [read, write, create, deleteIt, alter, describe, clusterAction] = [3, 4, 5, 6, 7, 8, 9]
const [describeConfigs, alterConfigs, idempotentWrite] = [10, 11, 12]

export const topicOperations: number = bitsOf([
  read,
  write,
  create,
  deleteIt,
  alter,
  describe,
  describeConfigs,
  alterConfigs,
])

export const groupOperations: number = bitsOf([read, deleteIt, describe, describeConfigs, alterConfigs])

export const clusterOperations: number = bitsOf([
  create,
  alter,
  describe,
  clusterAction,
  describeConfigs,
  alterConfigs,
  idempotentWrite,
])

function bitsOf(operations: readonly number[]): number {
  return operations.reduce((bits, operation) => bits | (1 << operation), 0)
}
