// A disk so small that a test can fill it: a tmpfs of its own. Needs Linux and root.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** What a suite gives node:test as its `skip`: why disks cannot be made here; false where they can. */
export const noSmallDisks: string | false =
  process.platform === 'linux' && process.getuid?.() === 0 ? false : 'needs root on Linux, to mount a tmpfs'

const mebibyte = 1024 * 1024

export class SmallDisk {
  readonly path: string
  #fillers = 0

  constructor(sizeMiB: number) {
    this.path = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', this.path])
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  /** Takes all the space that is left. */
  fill(): void {
    for (let size = mebibyte; size >= 1;) {
      try {
        writeFileSync(this.#filler(this.#fillers), Buffer.alloc(size))
        this.#fillers++
      } catch {
        rmSync(this.#filler(this.#fillers), { force: true })
        size = Math.floor(size / 2)
      }
    }
  }

  /** Gives back what `fill` took. */
  free(): void {
    while (this.#fillers > 0) rmSync(this.#filler(--this.#fillers), { force: true })
  }

  remove(): void {
    // Why lazily: a broker that was killed a moment ago may still hold files of it.
    execFileSync('umount', ['-l', this.path])
    rmSync(this.path, { recursive: true, force: true })
  }

  #filler(number: number): string {
    return join(this.path, `filler-${number}`)
  }
}

export function smallDiskFor(test: TestContext, sizeMiB: number): SmallDisk {
  const disk = new SmallDisk(sizeMiB)
  test.after(() => disk.remove())
  return disk
}
