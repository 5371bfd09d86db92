// A member of a group by @platformatic/kafka in a process of its own, told what to do as
// ../native/client-server.ts says. Why: closing its consumer leaves the group, also as a static member, and
// a static member that comes back is one whose process ended.

import { Consumer, MessagesStreamModes } from '@platformatic/kafka'
import type { Membership } from '../harness/kafka-client.ts'
import { serve } from '../native/client-server.ts'
import type { Leaving, Telling } from '../native/client-server.ts'
import { partitionsOf, seenOf } from './platformatic-client.ts'

const [address] = process.argv.slice(2)

await serve({ join, methods: {}, close: async () => {} })

async function join({ group, topic, instanceId }: Membership, telling: Telling): Promise<Leaving> {
  const consumer = new Consumer<Buffer | null, Buffer | null, Buffer, Buffer>({
    clientId: 'compat',
    bootstrapBrokers: [address!],
    groupId: group,
    ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    heartbeatInterval: 200,
  })
  consumer.on('consumer:group:join', () => telling.owns(partitionsOf(consumer.assignments, topic)))
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: 'earliest',
    autocommit: false,
    maxWaitTime: 100,
  })
  const reading = (async () => {
    for await (const message of stream) {
      telling.saw([seenOf(message)])
      await message.commit()
    }
  })()
  return {
    leave: async () => {
      await stream.close()
      await reading
    },
  }
}
