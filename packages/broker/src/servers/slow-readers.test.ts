// Many peers that ask for much and take nothing, by both doors: what they hold is bounded over all of them,
// and others are served.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { requestOf } from '@sluice/protocol/kafka/client-frames'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { opcodes } from '@sluice/protocol/native/frame'
import { readFrom, writeRead } from '@sluice/protocol/native/publish-messages'
import { Broker } from '../broker.ts'
import { fetchRequest } from './kafka/fetch-request.contract.ts'
import { KafkaPeer } from './kafka/kafka-peer.contract.ts'
import { frameOf, RawPeer } from './native/raw-peer.contract.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const mib = 1024 * 1024
const slowCount = 40

/** A stream of 20 batches of half a MiB, hardly any of them in memory. */
async function startedFor(t: TestContext): Promise<Broker> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-slow-'))
  const broker = await Broker.start({
    dataDir: root,
    listen: { port: 0 },
    kafka: { port: 0 },
    limits: {
      tailCacheBytes: mib,
      bytesInProgressMax: 8 * mib,
      totalBytesInProgressMax: 16 * mib,
      stalledPeerMs: 600_000,
    },
  })
  t.after(async () => {
    await broker.close()
    await rm(root, { recursive: true })
  })
  const own = await broker.connect()
  await own.streams.create('S', { durability: 'os' })
  for (let at = 0; at < 20; at++) await own.publish('S', 'k', 'x'.repeat(mib / 2))
  await own.close()
  return broker
}

const fetch = fetchRequest({ name: 'S', bytesMax: 8 * mib })

/** Why collected: what the system took meanwhile is not held, and stays for a while on a busy machine. */
function heldBytes(): number {
  collect()
  return process.memoryUsage().arrayBuffers
}

async function expectBounded(ask: () => Promise<void>, serve: () => Promise<void>): Promise<void> {
  const before = heldBytes()
  for (let count = 0; count < slowCount; count++) await ask()
  await sleep(500)
  const held = heldBytes() - before
  // As much as there is room for, and then a batch each.
  assert.ok(held < (16 + 8 + slowCount) * mib, `${held} bytes are held`)
  await serve()
}

test('who fetches by the Kafka door and takes nothing', async (t) => {
  const broker = await startedFor(t)
  const { port } = broker.kafkaAddresses[0]!
  const slow: KafkaPeer[] = []
  const ask = async (): Promise<void> => {
    const peer = await KafkaPeer.open(port)
    peer.socket.pause()
    peer.send(requestOf(fetchApi, { version: 11 }, fetch))
    slow.push(peer)
  }
  await expectBounded(ask, async () => {
    const peer = await KafkaPeer.open(port)
    const { topics } = await peer.ask(fetchApi, 11, fetch)
    assert.ok((topics[0]!.partitions[0]!.records as Uint8Array).length > mib / 2)
    peer.destroy()
  })
  for (const peer of slow) peer.destroy()
})

test('who reads by the native door and takes nothing', async (t) => {
  const broker = await startedFor(t)
  const { port } = broker.address!
  const slow: RawPeer[] = []
  const read = { stream: 'S', partition: 0, from: readFrom.first, value: 0, bytesMax: 8 * mib, waitMs: 0 }
  const frame = (): Uint8Array => frameOf(opcodes.read, 7, (writer) => writeRead(writer, read))
  const ask = async (): Promise<void> => {
    const peer = await RawPeer.greeted(port)
    peer.socket.pause()
    peer.send(frame())
    slow.push(peer)
  }
  await expectBounded(ask, async () => {
    const peer = await RawPeer.greeted(port)
    peer.send(frame())
    assert.equal((await peer.answer(7)).error, undefined)
    peer.destroy()
  })
  for (const peer of slow) peer.destroy()
})
