// What every `FileSystem` must do, run by the tests of the real, the in-memory and the simulated one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IoError } from './io.ts'
import type { FileSystem, IoErrorKind } from './io.ts'

/** Gives `body` a file system and an empty folder in it, and brings time on where time is simulated. */
export type RunWithFiles = (body: (files: FileSystem, root: string) => Promise<void>) => Promise<void>

export function fileSystemContract(name: string, run: RunWithFiles): void {
  test(`${name}: reads back what was written, short at the end`, () => run(readsBack))
  test(`${name}: a gap reads as zeros, also after a truncation`, () => run(gapsAreZeros))
  test(`${name}: several thousand buffers in one write`, () => run(manyBuffers))
  test(`${name}: folders, renames and removals`, () => run(folders))
  test(`${name}: failures name their kind`, () => run(failures))
  test(`${name}: an open file outlives its removal`, () => run(removedWhileOpen))
  test(`${name}: the space of the disk is told, if it has an end`, () => run(spaceIsTold))
  test(`${name}: a lock is held once and can be taken again`, () => run(locks))
}

export async function rejectsWith(kind: IoErrorKind, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof IoError, String(error))
    assert.equal(error.kind, kind)
    return true
  })
}

export async function contentOf(files: FileSystem, path: string): Promise<Buffer> {
  const file = await files.open(path, { create: false })
  const bytes = Buffer.alloc(await file.size())
  assert.equal(await file.read(bytes, 0), bytes.length)
  await file.close()
  return bytes
}

async function readsBack(files: FileSystem, root: string): Promise<void> {
  const file = await files.open(`${root}/a`, { create: true })
  assert.equal(file.path, `${root}/a`)
  assert.equal(await file.size(), 0)
  await file.write([Buffer.from('hello '), Buffer.alloc(0), Buffer.from('world')], 0)
  await file.sync()
  const target = Buffer.alloc(8)
  assert.equal(await file.read(target, 6), 5)
  assert.equal(target.toString('latin1', 0, 5), 'world')
  assert.equal(await file.read(target, 11), 0)
  assert.equal(await file.read(target, 500), 0)
  await file.write([], 0)
  await file.write([Buffer.alloc(0)], 0)
  await file.write([Buffer.from('HELL')], 0)
  await file.close()
  assert.equal((await contentOf(files, `${root}/a`)).toString(), 'HELLo world')
}

async function spaceIsTold(files: FileSystem, root: string): Promise<void> {
  await rejectsWith('not-found', files.space(`${root}/none`))
  const space = await files.space(root)
  if (space === undefined) return
  assert.ok(space.totalBytes >= space.usableBytes && space.usableBytes > 0)
}

async function gapsAreZeros(files: FileSystem, root: string): Promise<void> {
  const file = await files.open(`${root}/gap`, { create: true })
  await file.write([Buffer.alloc(200_000, 1)], 0)
  await file.truncate(70_000)
  await file.truncate(80_000)
  await file.write([Buffer.alloc(10, 2)], 150_000)
  assert.equal(await file.size(), 150_010)
  const expected = Buffer.concat([Buffer.alloc(70_000, 1), Buffer.alloc(80_000), Buffer.alloc(10, 2)])
  await file.close()
  assert.ok((await contentOf(files, `${root}/gap`)).equals(expected))
}

async function manyBuffers(files: FileSystem, root: string): Promise<void> {
  const file = await files.open(`${root}/many`, { create: true })
  const buffers = Array.from({ length: 5000 }, (_, index) => Buffer.alloc(index % 7, index))
  await file.write(buffers, 3)
  const expected = Buffer.concat([Buffer.alloc(3), ...buffers])
  await file.close()
  assert.ok((await contentOf(files, `${root}/many`)).equals(expected))
}

async function folders(files: FileSystem, root: string): Promise<void> {
  await files.makeDirectory(`${root}/x/y/z`)
  await files.makeDirectory(`${root}/x/y/z`)
  for (const name of ['one', 'two']) {
    const file = await files.open(`${root}/x/${name}`, { create: true })
    await file.write([Buffer.from(name)], 0)
    await file.close()
  }
  await files.rename(`${root}/x/one`, `${root}/x/two`)
  await files.syncDirectory(`${root}/x`)
  const entries = await files.list(`${root}/x`)
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  assert.deepEqual(entries, [
    { name: 'two', isDirectory: false },
    { name: 'y', isDirectory: true },
  ])
  assert.equal((await contentOf(files, `${root}/x/two`)).toString(), 'one')
  await files.remove(`${root}/x/two`)
  await files.remove(`${root}/x/two`)
  await files.removeDirectory(`${root}/x`)
  await files.removeDirectory(`${root}/x`)
  assert.deepEqual(await files.list(root), [])
}

async function failures(files: FileSystem, root: string): Promise<void> {
  await rejectsWith('not-found', files.open(`${root}/none`, { create: false }))
  await rejectsWith('not-found', files.open(`${root}/no/folder`, { create: true }))
  await rejectsWith('not-found', files.list(`${root}/none`))
  await rejectsWith('not-found', files.rename(`${root}/none`, `${root}/other`))
  await rejectsWith('not-found', files.syncDirectory(`${root}/none`))
  await rejectsWith('not-found', files.lock(`${root}/no/LOCK`))
  const file = await files.open(`${root}/file`, { create: true })
  await rejectsWith('exists', files.makeDirectory(`${root}/file`))
  await file.close()
  await file.close()
  await rejectsWith('failed', file.sync())
  await rejectsWith('failed', file.read(Buffer.alloc(1), 0))
}

async function removedWhileOpen(files: FileSystem, root: string): Promise<void> {
  const file = await files.open(`${root}/open`, { create: true })
  await file.write([Buffer.from('still here')], 0)
  await files.remove(`${root}/open`)
  const target = Buffer.alloc(10)
  assert.equal(await file.read(target, 0), 10)
  assert.equal(target.toString(), 'still here')
  await file.close()
  await rejectsWith('not-found', files.open(`${root}/open`, { create: false }))
}

async function locks(files: FileSystem, root: string): Promise<void> {
  const lock = await files.lock(`${root}/LOCK`)
  await rejectsWith('locked', files.lock(`${root}/LOCK`))
  await lock.release()
  await lock.release()
  const again = await files.lock(`${root}/LOCK`)
  await lock.release()
  await rejectsWith('locked', files.lock(`${root}/LOCK`))
  await again.release()
}
