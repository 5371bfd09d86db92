// Looks on at the door between flow consumers and their members, in the process of the test: every delivery
// and every settle, at its exact virtual time and in its order. Must never change what passes.

import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import type { Settle } from '@sluice/protocol/native/flow-messages'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { FlowConsumer } from '../services/flow/flow-consumer.ts'
import type { Membership } from '../services/flow/flow-consumer.ts'
import type { Delivery, MemberPort } from '../services/flow/flow-consumers.ts'
import type { ReferenceMember } from './reference-track.ts'
import { SimIo } from './sim-io.ts'
import { wrapMethod } from './wrapped-method.ts'

/** Which consumer: names are used again, ids are not. */
export interface DoorPlace {
  readonly stream: string
  readonly consumer: string
  readonly id: number
}

export interface DoorDelivery {
  readonly partition: number
  readonly offset: number
  readonly attempt: number
  readonly slot: number
  readonly sequence: number
  readonly subject: string
  readonly payload: Buffer
}

export interface DoorWatcher {
  delivered(place: DoorPlace, member: ReferenceMember, delivery: DoorDelivery): void
  settled(place: DoorPlace, member: ReferenceMember, settle: Settle, refusal: ErrorCode | undefined): void
  joined(place: DoorPlace, member: ReferenceMember): void
  left(place: DoorPlace, member: ReferenceMember, how: 'closed' | 'lost'): void
}

let watcher: DoorWatcher | undefined

/** From now on this one is told; undefined: nobody. */
export function watchDoor(next: DoorWatcher | undefined): void {
  watcher = next
}

wrapMethod(FlowConsumer.prototype, 'join', (join) => {
  return function watchedJoin(this: FlowConsumer, port: MemberPort, window: number): Membership {
    const { stream, name, id, io } = this.options
    const place = { stream: stream.name, consumer: name, id }
    const member = { name: port.name, window, pulled: 0 }
    const isDead = (): boolean => io instanceof SimIo && !io.process.isAlive
    const told = (): DoorWatcher | undefined => (isDead() ? undefined : watcher)
    const watchedPort = new WatchedPort(port, (delivery) => told()?.delivered(place, member, delivery))
    const membership = join.call(this, watchedPort, window)
    told()?.joined(place, member)
    return {
      ...membership,
      setWindow: (size) => {
        member.window = size
        membership.setWindow(size)
      },
      pull: (count) => {
        membership.pull(count)
        member.pulled = count === 0 ? 0 : member.pulled + count
      },
      settle: (settle) => {
        const refusal = membership.settle(settle)
        told()?.settled(place, member, settle, refusal)
        return refusal
      },
      leave: (how) => {
        told()?.left(place, member, how)
        membership.leave(how)
      },
    }
  }
})

const cursor = new RecordCursor()

class WatchedPort implements MemberPort {
  readonly #port: MemberPort
  readonly #seen: (delivery: DoorDelivery) => void

  constructor(port: MemberPort, seen: (delivery: DoorDelivery) => void) {
    this.#port = port
    this.#seen = seen
  }

  get name(): string {
    return this.#port.name
  }

  get isWritable(): boolean {
    return this.#port.isWritable
  }

  deliver(delivery: Delivery): void {
    const { partition, offset, attempt, slot, sequence, bytes, recordStart, recordEnd } = delivery
    cursor.openRecord(bytes, recordStart, recordEnd)
    const subject = Buffer.from(bytes.subarray(cursor.keyStart, cursor.keyEnd)).toString()
    const payload = Buffer.from(bytes.subarray(cursor.valueStart, cursor.valueEnd))
    this.#seen({ partition, offset, attempt, slot, sequence, subject, payload })
    this.#port.deliver(delivery)
  }

  flush(): void {
    this.#port.flush()
  }

  ended(error: BrokerError): void {
    this.#port.ended(error)
  }
}
