// A disk that takes writes and then cannot keep them: ext4 in a sparse file on a tmpfs that is smaller than
// it says. Writes end in the page cache and succeed; it is fdatasync that fails. Needs Linux, root, loop
// devices and mkfs.ext4.

import { execFileSync } from 'node:child_process'
import { accessSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { noSmallDisks } from './small-disk.ts'

/** What a suite gives node:test as its `skip`. */
export const noThinDisks: string | false = noSmallDisks === false ? missingParts() : noSmallDisks

function missingParts(): string | false {
  if (!existsSync('/dev/loop-control')) return 'needs loop devices, to mount a file as a disk'
  try {
    accessSync('/usr/sbin/mkfs.ext4')
    return false
  } catch {
    return 'needs mkfs.ext4 (e2fsprogs)'
  }
}

export class ThinDisk {
  readonly path: string
  readonly #base: string
  readonly #backing: string

  /** Says that it has 200 MiB. */
  constructor(sizeMiB: number) {
    this.#base = mkdtempSync(join(tmpdir(), 'sluice-thin-'))
    this.#backing = join(this.#base, 'backing')
    this.path = join(this.#base, 'disk')
    mkdirSync(this.#backing)
    mkdirSync(this.path)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', this.#backing])
    const image = join(this.#backing, 'image')
    writeFileSync(image, '')
    truncateSync(image, 200 * 1024 * 1024)
    execFileSync('mkfs.ext4', ['-q', '-O', '^has_journal', image], {
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
    })
    execFileSync('mount', ['-o', 'loop', image, this.path])
  }

  /** From now on it keeps what it is given. */
  grow(sizeMiB: number): void {
    execFileSync('mount', ['-o', `remount,size=${sizeMiB}m`, this.#backing])
  }

  remove(): void {
    execFileSync('umount', ['-l', this.path])
    execFileSync('umount', ['-l', this.#backing])
    rmSync(this.#base, { recursive: true, force: true })
  }
}

export function thinDiskFor(test: TestContext, sizeMiB: number): ThinDisk {
  const disk = new ThinDisk(sizeMiB)
  test.after(() => disk.remove())
  return disk
}
