// The record of one group: what is saved is on disk, and a large one is not written for every change.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { simulate } from '../../testing/sim-io.ts'
import { GroupRecord } from './group-record.ts'
import { GroupStore } from './group-store.ts'
import { dataDir, groupJournal } from './groups.fixture.ts'

const saveCount = 2000

for (const [sizeBytes, writesMin, writesMax] of [
  [1000, saveCount / 2, saveCount],
  [100_000, 10, 60],
  [1_000_000, 5, 30],
] as const) {
  test(`of ${sizeBytes} bytes that change every ms, ${writesMin} to ${writesMax} versions are written`, () =>
    simulate(1, async (world) => {
      const io = world.startNode('n')
      const directory = `${dataDir}/groups`
      const [store] = await GroupStore.open({
        io,
        directory,
        logger: silentLogger,
        journal: groupJournal(),
        isInMemory: false,
      })
      let version = 0
      let writtenVersion = 0
      let writeCount = 0
      const record = new GroupRecord('g', store, io.timers, () => {
        writeCount++
        writtenVersion = version
        return new Uint8Array(sizeBytes)
      })
      const saves: Promise<void>[] = []
      for (version = 1; version <= saveCount; version++) {
        const saved = version
        saves.push(
          record.save().then((isStored) => {
            assert.ok(isStored)
            assert.ok(writtenVersion >= saved, 'it is written as it was then, or later')
          }),
        )
        await world.sleep(1)
      }
      await Promise.all(saves)
      assert.equal(record.pending, undefined)
      assert.ok(writeCount >= writesMin && writeCount <= writesMax, `${writeCount} times`)
      await store.close()
    }))
}
