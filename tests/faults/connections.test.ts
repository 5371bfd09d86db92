// Too many of everything that a peer can open: what is beyond the bound is turned away by name, and who was
// there before does not notice.

import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeSubscribe } from '@sluice/protocol/native/flow-messages'
import { opcodes } from '@sluice/protocol/native/frame'
import { brokerFor } from '../support/broker-process.ts'
import { assertRefusal } from '../support/failing.ts'
import { noProcessMemory, residentMiB } from '../support/process-memory.ts'
import { frameOf, ProcessPeer } from '../support/process-peer.ts'

const connectionsMax = 500

test('a storm of 2000 connections', { skip: noProcessMemory, timeout: 60_000 }, async (t) => {
  const broker = await brokerFor(t, {
    flags: ['--connections-max', String(connectionsMax), '--handshake-timeout-ms', '1500'],
  })
  const client = await broker.connect()
  t.after(() => client.close())
  await client.streams.create('S')
  const before = residentMiB(broker.pid)
  const peers: ProcessPeer[] = []
  t.after(() => peers.forEach((peer) => peer.socket.destroy()))
  for (let wave = 0; wave < 20; wave++) {
    const opened = Array.from({ length: 100 }, () => ProcessPeer.at(broker.address))
    for (const peer of await Promise.all(opened)) {
      peers.push(peer)
      // A third says nothing, a third begins to speak, a third does it right.
      if (peers.length % 3 === 1) peer.send(frameOf(opcodes.hello, 1).subarray(0, 5))
      if (peers.length % 3 === 2) peer.greet().catch(() => {})
    }
    const startMs = performance.now()
    await client.publish('S', 'a', 'x')
    assert.ok(performance.now() - startMs < 1000, 'who was there before is served')
  }
  await sleep(200)
  const turnedAway = peers.filter(({ frames }) =>
    frames.some(({ error }) => error?.code === 'too-many-connections'),
  )
  assert.ok(turnedAway.length >= 1000, `${turnedAway.length} were turned away`)
  assertRefusal(turnedAway[0]!.frames[0]!.error, 'too-many-connections', String(connectionsMax))
  while (
    peers.some(({ isClosed, frames }) => !isClosed && frames.every(({ opcode }) => opcode !== opcodes.hello))
  )
    await sleep(50)
  const isGreeted = peers.filter(({ isClosed }) => !isClosed)
  assert.ok(isGreeted.length > 50, 'those that said HELLO stay')
  const later = await broker.connect()
  await later.publish('S', 'a', 'x')
  await later.close()
  for (const peer of peers) peer.socket.destroy()
  const grownMiB = residentMiB(broker.pid) - before
  t.diagnostic(
    `${turnedAway.length} turned away, ${isGreeted.length} greeted, ${grownMiB.toFixed(0)} MiB more`,
  )
  assert.ok(grownMiB < 100)
  assert.equal((await client.streams.get('S')).partitions[0]!.highWatermark, 21)
})

test('10 000 subscriptions on one connection', { timeout: 60_000 }, async (t) => {
  const broker = await brokerFor(t, { flags: ['--subscriptions-max', '300'] })
  const client = await broker.connect()
  t.after(() => client.close())
  await client.streams.create('S')
  const consumer = await client.consumers.create('S', { name: 'c', maxInflight: 100_000 })
  const peer = await ProcessPeer.greetedAt(broker.address)
  t.after(() => peer.socket.destroy())
  const answers = await Promise.all(
    Array.from({ length: 10_000 }, (_, subscription) =>
      peer.ask(opcodes.subscribe, (writer) =>
        writeSubscribe(writer, { subscription, stream: 'S', consumer: 'c', window: 1 }),
      ),
    ),
  )
  const errors = answers.flatMap(({ error }) => (error === undefined ? [] : [error]))
  assert.equal(errors.length, 9700)
  assertRefusal(errors[0], 'too-many-subscriptions', '300')
  assert.equal((await consumer.stats()).members, 300)
  await client.publishBatch(
    'S',
    Array.from({ length: 400 }, (_, at) => ({ subject: `s.${at}`, data: '' })),
  )
  await peer.delivered(300)
  assert.equal((await consumer.stats()).inFlight, 300)
  peer.socket.destroy()
  while ((await consumer.stats()).members > 0) await sleep(10)
  assert.equal((await consumer.stats()).inFlight, 0)
})
