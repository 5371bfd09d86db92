import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommitResult, Transaction, Transactions } from '../../cluster/metadata.ts'
import { ProducerIds } from './producer-ids.ts'

/** A catalog of one key; others may write to it between a read and a commit. */
class OneKey implements Transactions {
  value: string | undefined
  revision = 0
  commits = 0
  /** How many commits somebody else comes before. */
  disturbed = 0

  async get(key: string): Promise<{ key: string; value: string; revision: number } | undefined> {
    return this.value === undefined ? undefined : { key, value: this.value, revision: this.revision }
  }

  async list(): Promise<never[]> {
    return []
  }

  async commit({ compares, puts }: Transaction): Promise<CommitResult> {
    if (this.disturbed > 0) {
      this.disturbed--
      this.value = JSON.stringify(Number(this.value ?? '0') + 1000)
      this.revision++
    }
    this.commits++
    const succeeded = compares![0]!.revision === this.revision
    if (succeeded) {
      this.value = puts![0]!.value
      this.revision++
    }
    return { succeeded, revision: this.revision }
  }
}

test('ids are given once, over nodes and restarts, and one transaction serves a thousand', async () => {
  const catalog = new OneKey()
  const nodes = [new ProducerIds(catalog), new ProducerIds(catalog)]
  const given = new Set<number>()
  for (let restart = 0; restart < 3; restart++) {
    const ids = await Promise.all(Array.from({ length: 3000 }, (_, index) => nodes[index % 2]!.take()))
    for (const id of ids) given.add(id)
    nodes[restart % 2] = new ProducerIds(catalog)
  }
  assert.equal(given.size, 9000)
  assert.ok(catalog.commits <= 20, `${catalog.commits} transactions`)
})

test('a block that another node takes first is not given twice', async () => {
  const catalog = new OneKey()
  catalog.disturbed = 3
  assert.equal(await new ProducerIds(catalog).take(), 3000)
})

test('where none can be reserved, who asks hears of it and may ask again', async () => {
  const catalog = new OneKey()
  catalog.disturbed = 1000
  const ids = new ProducerIds(catalog)
  await assert.rejects(ids.take(), { code: 'internal' })
  catalog.disturbed = 0
  assert.ok((await ids.take()) >= 0)
})
