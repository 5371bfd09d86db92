// The parked records of all pools of one partition: a queue of offsets for each pool, 8 bytes a record.
// Nodes live in blocks of two arrays; a queue is a chain of node numbers, whose ends its pool keeps.

const blockNodes = 65_536
const none = -1

interface Block {
  readonly next: Int32Array
  /** Offset of the record, less `#base`. */
  readonly offset: Uint32Array
}

export class ParkedQueues {
  /** Parked records in memory, over all pools. */
  count = 0
  #blocks: Block[] = []
  #free = none
  #base: number

  constructor(base = 0) {
    this.#base = base
  }

  /** A new node, which is in no queue yet. */
  allocate(offset: number): number {
    if (this.#free === none) this.#grow()
    if (offset - this.#base > 0xffff_ffff || offset < this.#base) this.#rebase(offset)
    const node = this.#free
    const block = this.#blocks[node >>> 16]!
    this.#free = block.next[node & 0xffff]!
    block.next[node & 0xffff] = none
    block.offset[node & 0xffff] = offset - this.#base
    this.count++
    return node
  }

  free(node: number): void {
    this.#blocks[node >>> 16]!.next[node & 0xffff] = this.#free
    this.#free = node
    if (--this.count === 0) this.#shrink()
  }

  offsetOf(node: number): number {
    return this.#blocks[node >>> 16]!.offset[node & 0xffff]! + this.#base
  }

  nextOf(node: number): number {
    return this.#blocks[node >>> 16]!.next[node & 0xffff]!
  }

  link(node: number, next: number): void {
    this.#blocks[node >>> 16]!.next[node & 0xffff] = next
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

  /** Offsets are kept in 32 bits; once in four thousand million records their base moves. */
  #rebase(offset: number): void {
    let lowest = offset
    const free = this.#freeNodes()
    this.#forEachUsed(free, (block, index) => {
      lowest = Math.min(lowest, block.offset[index]! + this.#base)
    })
    const moved = this.#base - lowest
    this.#forEachUsed(free, (block, index) => {
      block.offset[index] = block.offset[index]! + moved
    })
    this.#base = lowest
    if (offset - lowest > 0xffff_ffff) throw new RangeError('parked records span more than 2^32 offsets')
  }

  #freeNodes(): Set<number> {
    const free = new Set<number>()
    for (let node = this.#free; node !== none; node = this.nextOf(node)) free.add(node)
    return free
  }

  #forEachUsed(free: Set<number>, visit: (block: Block, index: number) => void): void {
    this.#blocks.forEach((block, number) => {
      for (let index = 0; index < blockNodes; index++)
        if (!free.has(number * blockNodes + index)) visit(block, index)
    })
  }
}
