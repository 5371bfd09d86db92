// What every `ByteConnection` must do, run by the tests of TCP, of the in-process pipe and of
// the simulated network.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteConnection, ByteConnectionHandler } from '@sluice/protocol/bytes/byte-connection'

/** Gives `body` two connected ends, not yet started, and brings time on where time is simulated. */
export type RunWithConnection = (
  body: (one: ByteConnection, other: ByteConnection) => Promise<void>,
) => Promise<void>

export function byteConnectionContract(name: string, run: RunWithConnection): void {
  test(`${name}: bytes arrive in order, and never within write`, () => run(arriveInOrder))
  test(`${name}: bytes are the writer's again once they are taken`, () => run(reuseWhatIsTaken))
  test(`${name}: a peer that does not read holds the writer back until it does`, () => run(backpressure))
  test(`${name}: close sends what is pending, then both ends hear of it once`, () => run(closeInOrder))
  test(`${name}: close drops what still arrives`, () => run(closeDropsInput))
  test(`${name}: destroy is heard by both ends, once`, () => run(destroyIsHeard))
  test(`${name}: an end before start is heard after start`, () => run(endBeforeStart))
}

/** Keeps everything it hears, and lets a test wait for it. */
export class RecordingHandler implements ByteConnectionHandler {
  readonly chunks: Buffer[] = []
  bytes = 0
  drainedCount = 0
  closedCount = 0
  reason: Error | undefined
  #changed: (() => void)[] = []

  received(chunk: Uint8Array): void {
    this.chunks.push(Buffer.from(chunk))
    this.bytes += chunk.length
    this.#change()
  }

  drained(): void {
    this.drainedCount += 1
    this.#change()
  }

  closed(reason?: Error): void {
    this.closedCount += 1
    this.reason = reason
    this.#change()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed.push(resolve)
      })
    }
  }

  content(): Buffer {
    return Buffer.concat(this.chunks)
  }

  #change(): void {
    const changed = this.#changed
    this.#changed = []
    for (const wake of changed) wake()
  }
}

function numbered(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.alloc(1 + (index % 50), index))
}

async function arriveInOrder(one: ByteConnection, other: ByteConnection): Promise<void> {
  const hears = { one: new RecordingHandler(), other: new RecordingHandler() }
  const sent = numbered(300)
  other.start(hears.other)
  one.start(hears.one)
  for (const bytes of sent) {
    one.write(bytes)
    other.write(bytes)
    assert.equal(hears.one.bytes + hears.other.bytes, 0)
  }
  const expected = Buffer.concat(sent)
  await hears.other.until(() => hears.other.bytes === expected.length)
  await hears.one.until(() => hears.one.bytes === expected.length)
  assert.ok(hears.other.content().equals(expected))
  assert.ok(hears.one.content().equals(expected))
  assert.equal(one.pendingBytes, 0)
  assert.equal(one.flushedBytes, expected.length)
  assert.equal(hears.one.drainedCount, 0)
  one.destroy()
}

/** One buffer for all that is sent: it is written anew as soon as the connection lets go of it. */
async function reuseWhatIsTaken(one: ByteConnection, other: ByteConnection): Promise<void> {
  const hears = { one: new RecordingHandler(), other: new RecordingHandler() }
  one.start(hears.one)
  other.start(hears.other)
  const buffer = Buffer.alloc(300_000)
  const rounds = 20
  for (let round = 1; round <= rounds; round++) {
    let takenCount = 0
    buffer.fill(round)
    const written = buffer.subarray(0, round * 10_000)
    await new Promise<void>((resolve) => {
      one.write(written, () => {
        takenCount++
        written.fill(0xee)
        resolve()
      })
    })
    assert.equal(takenCount, 1)
  }
  const expected = Buffer.concat(
    Array.from({ length: rounds }, (_, index) => Buffer.alloc((index + 1) * 10_000, index + 1)),
  )
  await hears.other.until(() => hears.other.bytes === expected.length)
  assert.ok(hears.other.content().equals(expected))
  one.destroy()
}

async function backpressure(one: ByteConnection, other: ByteConnection): Promise<void> {
  const hears = { one: new RecordingHandler(), other: new RecordingHandler() }
  one.start(hears.one)
  other.start(hears.other)
  other.pause()
  const block = Buffer.alloc(64 * 1024, 7)
  let written = 0
  while (one.write(block)) written += block.length
  written += block.length
  // TCP takes megabytes into the kernel first, so write on until something is really stuck.
  for (; one.pendingBytes < 16 * 1024 * 1024; written += block.length) assert.equal(one.write(block), false)
  assert.equal(one.pendingBytes + one.flushedBytes, written)
  assert.equal(hears.one.drainedCount, 0)
  other.resume()
  await hears.one.until(() => hears.one.drainedCount === 1)
  assert.equal(one.pendingBytes, 0)
  await hears.other.until(() => hears.other.bytes === written)
  assert.equal(one.flushedBytes, written)
  assert.equal(hears.one.drainedCount, 1)
  one.destroy()
}

async function closeInOrder(one: ByteConnection, other: ByteConnection): Promise<void> {
  const hears = { one: new RecordingHandler(), other: new RecordingHandler() }
  one.start(hears.one)
  other.start(hears.other)
  const sent = numbered(1000)
  for (const bytes of sent) one.write(bytes)
  one.close()
  one.close()
  assert.equal(one.write(Buffer.from('too late')), false)
  assert.equal(hears.one.closedCount, 0)
  await hears.other.until(() => hears.other.closedCount > 0)
  await hears.one.until(() => hears.one.closedCount > 0)
  assert.ok(hears.other.content().equals(Buffer.concat(sent)))
  assert.equal(hears.one.reason, undefined)
  assert.equal(hears.other.reason, undefined)
  other.close()
  other.destroy()
  one.destroy()
  assert.equal(other.write(Buffer.from('x')), false)
  assert.deepEqual([hears.one.closedCount, hears.other.closedCount], [1, 1])
}

async function closeDropsInput(one: ByteConnection, other: ByteConnection): Promise<void> {
  const hears = { one: new RecordingHandler(), other: new RecordingHandler() }
  one.start(hears.one)
  one.pause()
  other.start(hears.other)
  other.write(Buffer.alloc(100_000))
  one.write(Buffer.from('bye'))
  one.close()
  await hears.other.until(() => hears.other.closedCount > 0)
  await hears.one.until(() => hears.one.closedCount > 0)
  assert.equal(hears.one.bytes, 0)
  assert.equal(hears.other.content().toString(), 'bye')
  assert.equal(hears.one.reason, undefined)
}

async function destroyIsHeard(one: ByteConnection, other: ByteConnection): Promise<void> {
  const hears = { one: new RecordingHandler(), other: new RecordingHandler() }
  one.start(hears.one)
  other.start(hears.other)
  const reason = new Error('enough')
  one.destroy(reason)
  one.destroy()
  assert.equal(hears.one.closedCount, 0)
  await hears.one.until(() => hears.one.closedCount > 0)
  await hears.other.until(() => hears.other.closedCount > 0)
  assert.equal(hears.one.reason, reason)
  assert.equal(one.write(Buffer.from('x')), false)
  assert.deepEqual([hears.one.closedCount, hears.other.closedCount], [1, 1])
}

async function endBeforeStart(one: ByteConnection, other: ByteConnection): Promise<void> {
  const hears = { one: new RecordingHandler(), other: new RecordingHandler() }
  one.start(hears.one)
  one.destroy()
  await hears.one.until(() => hears.one.closedCount > 0)
  other.start(hears.other)
  assert.equal(hears.other.closedCount, 0)
  await hears.other.until(() => hears.other.closedCount > 0)
}
