// The queues of single messages of one stream: one for each node that leads some of it, so that a node which
// is down holds up what it leads and nothing else.

import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import { leaderOf } from '../routing/stream-route.ts'
import type { StreamRoute } from '../routing/stream-route.ts'
import { PublishQueue } from './publish-queue.ts'
import type { PublishDoors } from './publish-queue.ts'

const encoder = new TextEncoder()

export class StreamQueues {
  readonly #stream: string
  readonly #doors: PublishDoors
  /** By leader; undefined where there is one node only. */
  readonly #queues = new Map<number | undefined, PublishQueue>()
  /** The queue that each partition used last. */
  readonly #byPartition: (PublishQueue | undefined)[] = []

  constructor(stream: string, doors: PublishDoors) {
    this.#stream = stream
    this.#doors = doors
  }

  get isIdle(): boolean {
    return this.all().every(({ isIdle }) => isIdle)
  }

  all(): PublishQueue[] {
    return [...this.#queues.values()]
  }

  queueFor(subject: string, route: StreamRoute): PublishQueue {
    if (route.leaders === undefined) return this.#of(undefined)
    const partition = partitionOfKey(encoder.encode(subject), route.partitionCount)
    const last = this.#byPartition[partition]
    // Why: when the leader changes, what is published next must not overtake what waits in the queue before.
    if (last?.isIdle === false) return last
    const queue = this.#of(leaderOf(route, partition))
    this.#byPartition[partition] = queue
    return queue
  }

  #of(leader: number | undefined): PublishQueue {
    const known = this.#queues.get(leader)
    if (known !== undefined) return known
    const made = new PublishQueue(this.#stream, this.#doors)
    this.#queues.set(leader, made)
    return made
  }
}
