// Requests between two nodes: what is answered, refused, told, and what becomes of it when the other goes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../base/logger.ts'
import { silentLogger } from '../base/logger.ts'
import { IoError } from '../io/io.ts'
import { memoryThreads } from '../io/memory-threads.ts'
import { Moved, Peer, PeerServices } from './peer.ts'

interface Messages {
  readonly requests: {
    readonly double: { body: number; answer: number }
    readonly bytes: { body: null; answer: Uint8Array }
    readonly fail: { body: string; answer: null }
    readonly never: { body: null; answer: null }
  }
  readonly notices: { readonly news: string }
}

function pair(logger: Logger = silentLogger): {
  peer: Peer<Messages>
  other: Peer<Messages>
  heard: string[]
  given: Uint8Array
} {
  const threads = memoryThreads(() => {})
  const [one, two] = threads.channel()
  const services = new PeerServices<Messages>()
  const heard: string[] = []
  const given = new Uint8Array([1, 2, 3])
  services.answer('double', (body) => body * 2)
  services.answer('bytes', () => new Moved(given, [given.buffer as ArrayBuffer]))
  services.answer('fail', (what) => {
    if (what === 'known') throw new BrokerError('unknown-stream', 'There is no stream "S"')
    if (what === 'full') throw new IoError('full', '/p', 'no space for /p')
    throw new TypeError('x is not a function')
  })
  services.answer('never', () => new Promise(() => {}))
  services.hear('news', (text) => heard.push(text))
  const options = { services, logger, closed: () => {} }
  const other = new Peer(threads.open(two), { ...options, name: 'Node 1' })
  const peer = new Peer(threads.open(one), { ...options, name: 'Node 2' })
  return { peer, other, heard, given }
}

test('requests are answered each by its own answer, and notices are heard in order', async () => {
  const { peer, heard } = pair()
  peer.tell('news', 'first')
  const never = peer.request('never', null)
  never.catch(() => {})
  assert.deepEqual(await Promise.all([1, 2, 3].map((body) => peer.request('double', body))), [2, 4, 6])
  peer.tell('news', 'second')
  await peer.request('double', 0)
  assert.deepEqual(heard, ['first', 'second'])
  peer.close()
})

test('moved bytes leave the one who answers', async () => {
  const { peer, given } = pair()
  assert.deepEqual([...(await peer.request('bytes', null))], [1, 2, 3])
  assert.equal(given.length, 0)
})

test('a refusal keeps its code and words; what nobody foresaw is logged where it happened', async () => {
  const logged: unknown[] = []
  const { peer } = pair({ ...silentLogger, error: (fields) => logged.push(fields) })
  await assert.rejects(peer.request('fail', 'known'), {
    code: 'unknown-stream',
    message: new BrokerError('unknown-stream', 'There is no stream "S"').message,
  })
  await assert.rejects(peer.request('fail', 'full'), { code: 'disk-full', message: 'no space for /p' })
  assert.equal(logged.length, 0)
  await assert.rejects(peer.request('fail', 'bug'), { code: 'internal' })
  assert.equal(logged.length, 1)
})

test('when the other end goes, what waits and what comes after is refused', async () => {
  const { peer, other } = pair()
  const waiting = peer.request('never', null)
  other.close()
  await assert.rejects(waiting, { code: 'node-unavailable', isRetryable: true })
  assert.equal(peer.isClosed, true)
  await assert.rejects(peer.request('double', 1), { code: 'node-unavailable' })
  peer.tell('news', 'to nobody')
})
