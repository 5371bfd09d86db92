// Files of the operating system: the common contract, short calls, a full disk, the lock of a killed process.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import fs, { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { contentOf, fileSystemContract, rejectsWith } from './file-system.contract.ts'
import { RealFile } from './real-file.ts'
import type { FileCalls } from './real-file.ts'
import { bound } from '../log/log.fixture.ts'
import { directFiles, probeDirect } from './direct-files.ts'
import { IoError } from './io.ts'
import type { File } from './io.ts'
import { realFiles } from './real-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-io-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const files = realFiles()

type Done = (error: Error | null, count: number) => void
type ReadCall = [fd: number, target: Uint8Array, offset: number, length: number, position: number, done: Done]
type WriteCall = [fd: number, buffers: readonly Uint8Array[], position: number, done: Done]

let roots = 0
function newRoot(): string {
  roots += 1
  const root = join(folder, `root${roots}`)
  mkdirSync(root)
  return root
}

fileSystemContract('real', (body) => body(files, newRoot()))
fileSystemContract('real, direct', (body) =>
  body(
    directFiles(files, () => true),
    newRoot(),
  ),
)

test('whole blocks past the page cache are refused where there is no such thing', async () => {
  await probeDirect(files, newRoot())
  const refused = { ...bound(files), open: () => Promise.reject(new IoError('unsupported', '/x', 'no')) }
  await rejectsWith('unsupported', probeDirect(refused, newRoot()))
  // A file system that takes the flag, and then no writes.
  const open = async (path: string, options: { create: boolean }): Promise<File> => {
    const file = bound(await files.open(path, options))
    return { ...file, path, write: () => Promise.reject(new IoError('failed', path, 'EINVAL')) }
  }
  const root = newRoot()
  await rejectsWith('unsupported', probeDirect({ ...bound(files), open }, root))
  assert.deepEqual(await files.list(root), [])
})

test('short and interrupted calls are continued until all is done', async () => {
  const path = join(newRoot(), 'short')
  let turn = 0
  const interrupted = (): boolean => {
    turn += 1
    return turn % 3 === 0
  }
  const eintr = Object.assign(new Error('interrupted'), { code: 'EINTR' })
  const calls = {
    ...fs,
    read: (...call: ReadCall): void => {
      const [fd, target, offset, length, position, done] = call
      if (interrupted()) process.nextTick(done, eintr, 0)
      else fs.read(fd, target, offset, Math.min(length, 5), position, done)
    },
    writev: (...call: WriteCall): void => {
      const [fd, buffers, position, done] = call
      const first = buffers.find((buffer) => buffer.length > 0) ?? new Uint8Array(0)
      if (interrupted()) process.nextTick(done, eintr, 0)
      else fs.writev(fd, [first.subarray(0, 3)], position, done)
    },
  } as unknown as FileCalls
  const file = new RealFile(path, fs.openSync(path, 'w+'), calls)
  const buffers = Array.from({ length: 20 }, (_, index) => Buffer.alloc(index % 9, 65 + index))
  await file.write(buffers, 2)
  const expected = Buffer.concat([Buffer.alloc(2), ...buffers])
  const target = Buffer.alloc(expected.length + 10)
  assert.equal(await file.read(target, 0), expected.length)
  assert.ok(target.subarray(0, expected.length).equals(expected))
  await file.close()
})

test('close waits for the operations under way', async () => {
  const path = join(newRoot(), 'busy')
  const held = Promise.withResolvers<Done>()
  const calls = {
    ...fs,
    writev: (...[, , , done]: WriteCall): void => held.resolve(done),
  } as unknown as FileCalls
  const fd = fs.openSync(path, 'w+')
  const file = new RealFile(path, fd, calls)
  const written = file.write([Buffer.from('late')], 0)
  const finish = await held.promise
  const closed = file.close()
  await rejectsWith('failed', file.size())
  assert.equal(fs.fstatSync(fd).size, 0)
  finish(null, 4)
  await Promise.all([written, closed])
  assert.throws(() => fs.fstatSync(fd), { code: 'EBADF' })
})

test('a folder in the place of a file is "failed"', async () => {
  await rejectsWith('failed', files.open(newRoot(), { create: true }))
})

test('a disk that became read-only is "denied", also for the lock', { skip: !canMount() }, async () => {
  const root = newRoot()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', root])
  try {
    execFileSync('mount', ['-o', 'remount,ro', root])
    await rejectsWith('denied', files.open(join(root, 'log'), { create: true }))
    await rejectsWith('denied', files.makeDirectory(join(root, 'folder')))
    await rejectsWith('denied', files.lock(join(root, 'LOCK')))
  } finally {
    execFileSync('umount', [root])
  }
})

test('a full disk is "full", and usable again when space is freed', { skip: !canMount() }, async () => {
  const root = newRoot()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root])
  try {
    const ballast = await files.open(join(root, 'ballast'), { create: true })
    const file = await files.open(join(root, 'log'), { create: true })
    await ballast.write([Buffer.alloc(600_000, 1)], 0)
    await rejectsWith('full', file.write([Buffer.alloc(300_000, 2), Buffer.alloc(300_000, 3)], 0))
    await ballast.truncate(0)
    await file.write([Buffer.alloc(300_000, 2), Buffer.alloc(300_000, 3)], 0)
    await file.sync()
    await Promise.all([ballast.close(), file.close()])
    assert.equal((await contentOf(files, join(root, 'log'))).length, 600_000)
  } finally {
    execFileSync('umount', [root])
  }
})

test('the lock of another process is respected, and gone when that process is killed', async () => {
  const path = join(newRoot(), 'LOCK')
  const program = `import { realFiles } from ${JSON.stringify(new URL('real-files.ts', import.meta.url).href)}
    await realFiles().lock(${JSON.stringify(path)})
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  await rejectsWith('locked', files.lock(path))
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
  const lock = await files.lock(path)
  await lock.release()
})

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const probe = mkdtempSync(join(tmpdir(), 'sluice-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' })
    execFileSync('umount', [probe])
    return true
  } catch {
    return false
  } finally {
    rmSync(probe, { recursive: true, force: true })
  }
}
