// Bytes that all connections together may have in progress. Who finds it used up stops reading and is told
// when there is room again, first come, first served.

export class ByteBudget {
  readonly #bytesMax: number
  #bytes = 0
  readonly #waiting = new Set<() => void>()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  /** Whether what only waits had better make room. */
  get isHalfFull(): boolean {
    return 2 * this.#bytes >= this.#bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  take(bytes: number): void {
    this.#bytes += bytes
  }

  give(bytes: number): void {
    this.#bytes -= bytes
    while (!this.isFull && this.#waiting.size > 0) {
      const [next] = this.#waiting
      this.#waiting.delete(next!)
      next!()
    }
  }

  /** Calls back once, when there is room; asking twice is asking once. */
  whenRoom(callback: () => void): void {
    this.#waiting.add(callback)
  }

  forget(callback: () => void): void {
    this.#waiting.delete(callback)
  }
}
