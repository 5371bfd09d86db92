// The events to come, earliest first: a binary heap by time, then by the drawn tie-break.

export interface SimEvent {
  readonly timeMs: number
  readonly tie: number
  readonly label: string
  readonly callback: () => void
  isCancelled: boolean
}

export class SimEventQueue {
  readonly #heap: SimEvent[] = []

  /** Whether nothing but cancelled events is left. */
  get isEmpty(): boolean {
    this.#dropCancelled()
    return this.#heap.length === 0
  }

  /** The next event, left where it is. */
  get first(): SimEvent | undefined {
    this.#dropCancelled()
    return this.#heap[0]
  }

  push(event: SimEvent): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(event)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(event, heap[parent])) break
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = event
  }

  pop(): SimEvent | undefined {
    this.#dropCancelled()
    return this.#popAny()
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0].isCancelled) this.#popAny()
  }

  #popAny(): SimEvent | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child += 1
      if (!isBefore(heap[child], last)) break
      heap[index] = heap[child]
      index = child
    }
    heap[index] = last
    return first
  }
}

function isBefore(one: SimEvent, other: SimEvent): boolean {
  return one.timeMs < other.timeMs || (one.timeMs === other.timeMs && one.tie < other.tie)
}
