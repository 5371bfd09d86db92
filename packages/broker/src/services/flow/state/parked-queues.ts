// Queues of offsets, one for each pool, 8 bytes an offset. Nodes live in blocks of two arrays; a queue is a
// chain of node numbers, whose ends its pool keeps.

const blockBits = 12
const blockNodes = 1 << blockBits
const none = -1
/** Offsets are kept in 32 bits, this far below and above the one that came first. */
const span = 2 ** 31

interface Block {
  readonly next: Int32Array
  /** Offset of the record, less `#base`. */
  readonly offset: Uint32Array
}

export class ParkedQueues {
  /** Nodes in use, over all queues. */
  count = 0
  #blocks: Block[] = []
  #free = none
  #base = 0

  /** Whether an offset is near enough to those that are kept; when none is, every one is. */
  fits(offset: number): boolean {
    return this.count === 0 || (offset >= this.#base && offset < this.#base + 2 * span)
  }

  /** A new node, which is in no queue yet, for an offset that fits. */
  allocate(offset: number): number {
    if (this.count === 0) this.#base = Math.max(0, offset - span)
    if (this.#free === none) this.#grow()
    const node = this.#free
    const block = this.#blocks[node >>> blockBits]!
    this.#free = block.next[node & (blockNodes - 1)]!
    block.next[node & (blockNodes - 1)] = none
    block.offset[node & (blockNodes - 1)] = offset - this.#base
    this.count++
    return node
  }

  free(node: number): void {
    this.#blocks[node >>> blockBits]!.next[node & (blockNodes - 1)] = this.#free
    this.#free = node
    if (--this.count === 0) this.#shrink()
  }

  offsetOf(node: number): number {
    return this.#blocks[node >>> blockBits]!.offset[node & (blockNodes - 1)]! + this.#base
  }

  nextOf(node: number): number {
    return this.#blocks[node >>> blockBits]!.next[node & (blockNodes - 1)]!
  }

  link(node: number, next: number): void {
    this.#blocks[node >>> blockBits]!.next[node & (blockNodes - 1)] = next
  }

  #grow(): void {
    const block = { next: new Int32Array(blockNodes), offset: new Uint32Array(blockNodes) }
    const first = this.#blocks.push(block) * blockNodes - blockNodes
    for (let index = 0; index < blockNodes; index++) block.next[index] = first + index + 1
    block.next[blockNodes - 1] = none
    this.#free = first
  }

  /** Gives the memory of a backlog that is gone back. */
  #shrink(): void {
    if (this.#blocks.length < 2) return
    this.#blocks = []
    this.#free = none
  }
}
