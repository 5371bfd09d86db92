// Data directories that a broker must not touch: of a newer version, of somebody else, of another broker.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { Broker } from 'sluice'
import { brokerFor, BrokerProcess } from '../support/broker-process.ts'
import { refused } from '../support/failing.ts'

test('a data directory of a newer format is left alone, and named', async (t) => {
  const broker = await brokerFor(t)
  const client = await broker.connect()
  await client.streams.create('S')
  await client.publish('S', 'a', 'x')
  await client.close()
  await broker.stop()
  const format = join(broker.dataDir, 'format')
  const written = readFileSync(format)
  writeFileSync(format, '{"format":999}\n')
  const before = readdirSync(broker.dataDir)
  await assert.rejects(broker.start())
  assert.match(broker.errorText, /has format 999.* Use the version that wrote the data/)
  assert.doesNotMatch(broker.errorText, /    at /, 'an operator gets no stack trace')
  await refused(Broker.start({ dataDir: broker.dataDir }), 'data-directory-newer', '999')
  assert.deepEqual(readdirSync(broker.dataDir), before, 'nothing is changed')
  writeFileSync(format, 'no JSON')
  await refused(Broker.start({ dataDir: broker.dataDir }), 'data-directory-invalid', 'damaged')
  writeFileSync(format, written)
  await broker.start()
  const again = await broker.connect()
  assert.equal((await again.streams.get('S')).partitions[0]!.highWatermark, 1)
  await again.close()
})

test("somebody else's folder, a file, and a folder that cannot be are refused", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-foreign-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'thesis.txt'), 'mine')
  await refused(Broker.start({ dataDir: folder }), 'data-directory-invalid', 'thesis.txt')
  assert.deepEqual(readdirSync(folder), ['thesis.txt'])
  await refused(Broker.start({ dataDir: join(folder, 'thesis.txt') }), 'io-failed', 'thesis.txt')
  await refused(Broker.start({ dataDir: '/proc/none' }), 'io-failed', '/proc/none')
})

test('two brokers on one directory: the second is refused, the first goes on', async (t) => {
  const first = await brokerFor(t)
  const client = await first.connect()
  t.after(() => client.close())
  await client.streams.create('S')
  await client.publish('S', 'a', '1')
  const second = new BrokerProcess({ dataDir: first.dataDir })
  t.after(() => second.kill())
  for (let round = 0; round < 2; round++) {
    await assert.rejects(second.start())
    assert.match(second.errorText, /is in use.* Stop the other broker first/)
    assert.ok(second.errorText.includes(first.dataDir))
  }
  await refused(Broker.start({ dataDir: first.dataDir }), 'data-directory-locked', first.dataDir)
  assert.equal((await client.publish('S', 'a', '2')).offset, 1)
  await first.kill()
  await second.start()
  const other = await second.connect()
  assert.equal((await other.streams.get('S')).partitions[0]!.highWatermark, 2)
  await assert.rejects(first.start(), 'now the first is the second')
  assert.equal((await other.publish('S', 'a', '3')).offset, 2)
  await other.close()
})

test('two embedded brokers in one process exclude each other too', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-twice-'))
  t.after(() => rmSync(dataDir, { recursive: true }))
  const first = await Broker.start({ dataDir })
  await refused(Broker.start({ dataDir }), 'data-directory-locked')
  await first.close()
  const second = await Broker.start({ dataDir })
  await second.close()
})
