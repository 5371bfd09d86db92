import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBudget } from './byte-budget.ts'
import { FrameRoom } from './frame-room.ts'
import { WaitingRoom } from './waiting-room.ts'
import { RequestGate } from './request-gate.ts'

const limits = { requestsInProgressMax: 2, bytesInProgressMax: 100 }

class Owner {
  readonly ran: number[] = []
  isReading = true
  isCongested = false
  readonly gate: RequestGate

  constructor(budget: ByteBudget = new ByteBudget(1000), room: FrameRoom = new FrameRoom(1000)) {
    this.gate = new RequestGate(this, limits, {
      budget,
      room,
      waiting: new WaitingRoom(1000),
      untaken: new ByteBudget(1000),
    })
  }

  run(bytes: Uint8Array, start: number): void {
    this.ran.push(bytes[start]!)
    this.gate.begun(10)
  }

  pause(): void {
    this.isReading = false
  }

  resume(): void {
    this.isReading = true
  }

  offer(...numbers: number[]): void {
    const chunk = Buffer.from(numbers)
    for (let at = 0; at < chunk.length; at++) this.gate.offer(chunk, at, at + 1)
    chunk.fill(0)
  }
}

test('requests beyond the limit wait in order, as copies, and reading stops meanwhile', () => {
  const owner = new Owner()
  owner.offer(1, 2, 3, 4)
  assert.deepEqual(owner.ran, [1, 2])
  assert.equal(owner.isReading, false)
  owner.gate.ended(10)
  assert.deepEqual(owner.ran, [1, 2, 3])
  owner.gate.ended(10)
  assert.deepEqual(owner.ran, [1, 2, 3, 4])
  assert.equal(owner.isReading, false)
  owner.gate.ended(10)
  assert.equal(owner.isReading, true)
})

test('reserved bytes hold requests back until they are released', () => {
  const owner = new Owner()
  owner.gate.reserve(100)
  owner.offer(1)
  assert.deepEqual(owner.ran, [])
  owner.gate.release(100)
  assert.deepEqual(owner.ran, [1])
  assert.equal(owner.isReading, true)
})

test('while a request only waits its turn the peer is still read, so that its end is seen', () => {
  const owner = new Owner()
  owner.gate.hold()
  owner.offer(1)
  assert.deepEqual(owner.ran, [])
  assert.equal(owner.isReading, true)
  owner.gate.letGo()
  assert.deepEqual(owner.ran, [1])
  owner.gate.ended(10)
  owner.gate.hold()
  owner.gate.offer(Buffer.alloc(20_000), 0, 20_000)
  assert.equal(owner.isReading, false, 'but what is held for it is bounded')
  owner.gate.letGo()
  assert.equal(owner.isReading, true)
  owner.gate.hold()
  owner.gate.reserve(100)
  assert.equal(owner.isReading, false, 'and so is what is in progress')
})

test('a peer that does not read is not served until it does', () => {
  const owner = new Owner()
  owner.isCongested = true
  owner.offer(1)
  owner.isCongested = false
  assert.deepEqual(owner.ran, [])
  owner.gate.advance()
  assert.deepEqual(owner.ran, [1])
})

test('connections share a budget, and go on as soon as another gives back', () => {
  const budget = new ByteBudget(20)
  const [one, other] = [new Owner(budget), new Owner(budget)]
  one.offer(1, 2)
  other.offer(7, 8)
  assert.deepEqual(other.ran, [])
  one.gate.ended(10)
  assert.deepEqual(other.ran, [7])
  assert.equal(other.isReading, false)
  one.gate.ended(10)
  assert.deepEqual(other.ran, [7, 8])
  other.gate.ended(10)
  other.gate.ended(10)
  assert.equal(budget.bytes, 0)
  assert.equal(one.isReading, true)
  assert.equal(other.isReading, true)
})

test('a closed gate runs nothing any more, and gives its bytes back', () => {
  const budget = new ByteBudget(20)
  const owner = new Owner(budget)
  owner.offer(1, 2, 3)
  owner.gate.close()
  owner.gate.ended(10)
  owner.gate.ended(10)
  owner.offer(4)
  assert.deepEqual(owner.ran, [1, 2])
  assert.equal(budget.bytes, 0)
})

test('what is held takes room until it runs, or the connection is over', () => {
  const room = new FrameRoom(1000)
  const owner = new Owner(new ByteBudget(1000), room)
  owner.offer(1, 2, 3, 4, 5)
  assert.equal(room.bytes, 3)
  owner.gate.ended(10)
  assert.equal(room.bytes, 2)
  owner.gate.close()
  assert.equal(room.bytes, 0)
})

test('a connection that ends while held requests run gives its room back once', () => {
  const room = new FrameRoom(1000)
  const owner = new Owner(new ByteBudget(1000), room)
  owner.offer(1, 2, 3, 4, 5)
  owner.run = () => owner.gate.close()
  owner.gate.ended(10)
  assert.equal(room.bytes, 0)
})

test('a request of several turns holds back those that come after it, in order', () => {
  const owner = new Owner()
  owner.gate.hold()
  owner.gate.hold()
  owner.offer(1, 2)
  owner.gate.letGo()
  assert.deepEqual(owner.ran, [])
  owner.gate.letGo()
  assert.deepEqual(owner.ran, [1, 2])
  assert.equal(owner.isReading, false)
  owner.gate.ended(10)
  assert.equal(owner.isReading, true)
})
