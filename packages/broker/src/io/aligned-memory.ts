// Buffers that begin where a page of memory begins, as direct I/O asks for. Node has no such buffers, but the
// memory of a WebAssembly instance begins at a page. Bounded: who finds none free waits for one.

import { assert } from '../base/assert.ts'
import type { BlockMemory } from './io.ts'

/** Large enough that what a call costs is little beside what a disk takes for it. */
export const alignedBytes: number = 1024 * 1024
const bufferCount = 16
const wasmPageBytes = 64 * 1024

/** Node has it, and types for it only beside those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
}

export class AlignedMemory implements BlockMemory {
  #free: Buffer[] | undefined
  readonly #waiting: ((buffer: Buffer) => void)[] = []

  async lease(sizeBytes: number): Promise<Uint8Array> {
    assert(sizeBytes <= alignedBytes, 'a lease fits into a buffer')
    this.#free ??= makeBuffers()
    const buffer = this.#free.pop() ?? (await this.#next())
    return buffer.subarray(0, sizeBytes)
  }

  release(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, alignedBytes)
    const next = this.#waiting.shift()
    if (next === undefined) this.#free!.push(buffer)
    else next(buffer)
  }

  #next(): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }
}

/** For files that take any memory: nothing is kept. */
export const anyMemory: BlockMemory = {
  lease: (sizeBytes) => Promise.resolve(Buffer.alloc(sizeBytes, 0xdd)),
  release: () => {},
}

/** One memory for all of them: each instance takes gigabytes of addresses, whatever its size. */
function makeBuffers(): Buffer[] {
  const pages = (alignedBytes * bufferCount) / wasmPageBytes
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages })
  return Array.from({ length: bufferCount }, (_, index) =>
    Buffer.from(buffer, index * alignedBytes, alignedBytes),
  )
}
