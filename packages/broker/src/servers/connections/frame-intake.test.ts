// Large frames of many connections: bounded together, and each completes in the end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameIntake } from './frame-intake.ts'
import { FrameRoom } from './frame-room.ts'

const kib = 1024
const frameBytes = 1024 * kib
const readBytes = 64 * kib

function frameOf(size: number): Uint8Array {
  const frame = Buffer.alloc(size)
  frame.writeUInt32BE(size - 4)
  return frame
}

/** A peer that sends one frame after the other, as long as it is read. */
class Peer {
  readonly intake: FrameIntake
  isReading = true
  completed = 0
  /** Of the frame that it is sending. */
  sentBytes = 0

  constructor(room: FrameRoom) {
    this.intake = new FrameIntake(this, () => this.completed++, room, 16 * frameBytes)
  }

  pause(): void {
    this.isReading = false
  }

  resume(): void {
    this.isReading = true
  }

  send(size: number, frameSize = frameBytes): void {
    const bytes = frameOf(frameSize).subarray(this.sentBytes, this.sentBytes + size)
    this.sentBytes = (this.sentBytes + bytes.length) % frameSize
    this.intake.push(bytes)
  }
}

test('begun frames of all connections are bounded, and all of them complete', () => {
  const room = new FrameRoom(4 * frameBytes)
  const peers = Array.from({ length: 40 }, () => new Peer(room))
  let highest = 0
  for (let round = 0; peers.some(({ completed }) => completed < 3); round++) {
    assert.ok(round < 3000, 'every round reads at least one connection')
    const reading = peers.filter(({ isReading }) => isReading)
    assert.ok(reading.length > 0, 'they do not wait for each other')
    for (const peer of reading) if (peer.isReading) peer.send(readBytes)
    const held = peers.reduce((sum, { sentBytes }) => sum + sentBytes, 0)
    highest = Math.max(highest, held)
  }
  assert.ok(highest <= 5 * frameBytes + peers.length * readBytes, `${highest} bytes were held`)
})

test('a small frame waits for nobody', () => {
  const room = new FrameRoom(frameBytes)
  new Peer(room).send(readBytes)
  const small = new Peer(room)
  small.send(10, 60 * kib)
  assert.equal(small.intake.isWaiting, false)
  small.send(60 * kib, 60 * kib)
  assert.equal(small.completed, 1)
})

test('who claims the largest frame and sends little of it keeps nobody out', () => {
  const room = new FrameRoom(4 * frameBytes)
  const claiming = Array.from({ length: 10 }, () => new Peer(room))
  for (const peer of claiming) peer.send(readBytes, 16 * frameBytes)
  const other = new Peer(room)
  while (other.completed === 0) {
    assert.equal(other.isReading, true)
    other.send(readBytes)
  }
})

test('when all room is used the one that began first goes on, and then the next', () => {
  const room = new FrameRoom(readBytes)
  const peers = [new Peer(room), new Peer(room), new Peer(room)]
  for (const peer of peers) peer.send(readBytes)
  const waiting = (): boolean[] => peers.map(({ intake }) => intake.isWaiting)
  assert.deepEqual(waiting(), [false, true, true])
  while (peers[0]!.completed === 0) peers[0]!.send(readBytes)
  assert.deepEqual(waiting(), [false, false, true])
  peers[0]!.send(readBytes)
  assert.deepEqual(waiting(), [true, false, true], 'a new frame is behind those that have begun')
  peers[1]!.intake.close()
  assert.deepEqual(waiting(), [true, false, false])
  for (const peer of peers) peer.intake.close()
  assert.equal(room.bytes, 0)
})

test('a frame is unfinished until it is completed or has got room', () => {
  const room = new FrameRoom(readBytes)
  const [first, second] = [new Peer(room), new Peer(room)]
  assert.equal(first.intake.takeIsUnfinished(), false)
  first.send(3)
  second.send(readBytes + 1)
  assert.equal(first.intake.takeIsUnfinished(), true, 'a length that is not whole has begun, too')
  first.send(readBytes)
  assert.deepEqual([first.intake.isWaiting, second.intake.isWaiting], [true, false])
  assert.equal(first.intake.takeIsUnfinished(), true)
  second.intake.close()
  assert.equal(first.intake.takeIsUnfinished(), false, 'its time begins anew')
  assert.equal(first.intake.takeIsUnfinished(), true)
})

test('a frame that is refused in the middle of a chunk leaves nothing taken', () => {
  const room = new FrameRoom(frameBytes)
  const peer = new Peer(room)
  peer.send(readBytes)
  assert.equal(room.bytes, readBytes)
  const rest = frameOf(frameBytes).subarray(readBytes)
  assert.throws(() => peer.intake.push(Buffer.concat([rest, Buffer.alloc(4)])), { kind: 'violation' })
  peer.intake.close()
  assert.equal(room.bytes, 0)
})
