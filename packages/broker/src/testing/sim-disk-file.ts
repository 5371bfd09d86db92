// One open file on a simulated disk.

import { assert } from '../base/assert.ts'
import { IoError } from '../io/io.ts'
import type { File } from '../io/io.ts'
import type { SimFileBytes } from './sim-disk-bytes.ts'
import type { DiskRequest } from './sim-disk-request.ts'
import type { SimDisk } from './sim-disk.ts'

interface FileOperations {
  readonly disk: SimDisk
  perform<T>(request: DiskRequest<T>): Promise<T>
}

export class SimFile implements File {
  readonly path: string
  readonly #bytes: SimFileBytes
  readonly #files: FileOperations
  #active = 0
  #isClosed = false
  #whenIdle: (() => void) | undefined

  constructor(path: string, bytes: SimFileBytes, files: FileOperations) {
    this.path = path
    this.#bytes = bytes
    this.#files = files
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#perform({ operation: 'read', effect: () => this.#bytes.current.read(target, position) })
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    const bytes = Buffer.concat(buffers)
    const part = (): void => {
      this.#bytes.write(bytes.subarray(0, this.#files.disk.random.int(0, bytes.length)), position)
    }
    const effect = (): void => {
      // The bytes are borrowed until the write resolves; one that changed would be torn on a real disk.
      assert(Buffer.concat(buffers).equals(bytes), `${this.path}: bytes were changed while being written`)
      this.#writeWhatFits(bytes, position)
    }
    return this.#perform({ operation: 'write', effect, failed: part, torn: part })
  }

  sync(): Promise<void> {
    const mark = this.#bytes.mark()
    return this.#perform({
      operation: 'sync',
      effect: () => this.#bytes.syncUpTo(mark),
      failed: () => this.#bytes.failSync(mark, this.#files.disk.random),
    })
  }

  truncate(size: number): Promise<void> {
    return this.#perform({ operation: 'truncate', effect: () => this.#bytes.truncate(size) })
  }

  size(): Promise<number> {
    return this.#perform({ operation: 'size', effect: () => this.#bytes.current.size })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#active === 0) return
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve
    })
  }

  async #perform<T>(request: Omit<DiskRequest<T>, 'path'>): Promise<T> {
    if (this.#isClosed) throw new IoError('failed', this.path, `${request.operation}: ${this.path} is closed`)
    this.#active += 1
    try {
      return await this.#files.perform({ ...request, path: this.path })
    } finally {
      this.#active -= 1
      if (this.#active === 0) this.#whenIdle?.()
    }
  }

  /** Like pwrite on a disk that runs full: the front of the bytes is written, then comes the failure. */
  #writeWhatFits(bytes: Buffer, position: number): void {
    const { disk } = this.#files
    const growth = position + bytes.length - this.#bytes.current.size
    const missing = disk.capacityBytes === Infinity ? 0 : growth - (disk.capacityBytes - disk.usedBytes)
    if (growth <= 0 || missing <= 0) {
      this.#bytes.write(bytes, position)
      return
    }
    this.#bytes.write(bytes.subarray(0, Math.max(0, bytes.length - missing)), position)
    throw new IoError('full', this.path, `simulated: no space left for ${this.path}`)
  }
}
