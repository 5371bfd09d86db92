// Entries of consumers while others change the catalog, too.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metadata, Transaction } from '../../cluster/metadata.ts'
import { openStreams } from '../streams/open-streams.contract.ts'
import { StreamCatalog } from '../streams/stream-catalog.ts'
import { ConsumerCatalog } from './consumer-catalog.ts'
import type { ConsumerEntry } from './consumer-catalog.ts'
import { newConsumerConfig } from './consumer-config.ts'

const given = {
  stream: 'S',
  name: 'c',
  createdAt: '2026-01-01T00:00:00Z',
  config: newConsumerConfig('S', {}),
  pauses: [],
}

/** Runs something once, right before the first transaction that deletes. */
function interrupted(metadata: Metadata, interrupt: () => Promise<unknown>): Metadata {
  let isDone = false
  const commit = async (transaction: Transaction): ReturnType<Metadata['commit']> => {
    assert.ok(transaction.compares !== undefined && transaction.compares.length > 0, 'a write has a compare')
    if (!isDone && transaction.deletes !== undefined) {
      isDone = true
      await interrupt()
    }
    return metadata.commit(transaction)
  }
  return {
    get: (key) => metadata.get(key),
    list: (prefix) => metadata.list(prefix),
    commit,
    watch: (prefix, listener) => metadata.watch(prefix, listener),
    grantLease: (ttlMs) => metadata.grantLease(ttlMs),
    keepAlive: (lease) => metadata.keepAlive(lease),
    revoke: (lease) => metadata.revoke(lease),
    close: () => metadata.close(),
  }
}

async function added(catalog: ConsumerCatalog, rest: Omit<ConsumerEntry, 'id'>): Promise<ConsumerEntry> {
  return (await catalog.add({ ...rest, id: await catalog.reserveId() }))!
}

async function scene(): Promise<{ metadata: Metadata; catalog: ConsumerCatalog; entry: ConsumerEntry }> {
  const { streams, metadata } = await openStreams()
  await streams.create('S', {})
  const catalog = new ConsumerCatalog(metadata)
  return { metadata, catalog, entry: await added(catalog, given) }
}

test('removing a consumer does not take another that has its name since', async () => {
  const { metadata, catalog, entry } = await scene()
  let later: ConsumerEntry | undefined
  const replace = async (): Promise<void> => {
    await catalog.remove(entry)
    later = await added(catalog, given)
  }
  await new ConsumerCatalog(interrupted(metadata, replace)).remove(entry)
  assert.notEqual(later!.id, entry.id)
  assert.deepEqual(await catalog.list(), [later])
  await catalog.remove(entry)
  assert.deepEqual(await catalog.list(), [later])
})

test('a consumer that is altered while it is removed is removed', async () => {
  const { metadata, catalog, entry } = await scene()
  const alter = (): Promise<boolean> =>
    catalog.change({ ...entry, config: { ...entry.config, maxInflight: 7 } })
  await new ConsumerCatalog(interrupted(metadata, alter)).remove(entry)
  assert.deepEqual(await catalog.list(), [])
})

test('with its stream a consumer goes that was made or altered meanwhile', async () => {
  const { metadata, catalog } = await scene()
  const [stream] = await new StreamCatalog(metadata).list()
  const add = (): Promise<unknown> => added(catalog, { ...given, name: 'late' })
  assert.equal(await new StreamCatalog(interrupted(metadata, add)).remove(stream!.identity), true)
  assert.deepEqual(await catalog.list(), [])
})

test('consumers without a stream go, also where one is altered meanwhile', async () => {
  const { metadata, catalog, entry } = await scene()
  const alter = (): Promise<boolean> =>
    catalog.change({ ...entry, config: { ...entry.config, maxInflight: 7 } })
  await new StreamCatalog(interrupted(metadata, alter)).removeOrphanedConsumers(new Set())
  assert.deepEqual(await catalog.list(), [])
})

test('ids are given once, also to two who ask at once', async () => {
  const { metadata } = await scene()
  const ask = (): Promise<number> => new ConsumerCatalog(metadata).reserveId()
  const ids = await Promise.all([ask(), ask(), ask()])
  assert.equal(new Set([1, ...ids]).size, 4)
})
