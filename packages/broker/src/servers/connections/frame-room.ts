// Room for requests that the broker holds and does not carry out yet, over all connections: large ones that
// have begun to arrive, and whole ones that wait for their turn. First come, first served.
// Must never hand room out piece by piece: who has the room of a whole frame can complete it, whatever the
// others do. Apart from the bytes in progress: what is in progress must not wait for what has not arrived.

export class FrameRoom {
  readonly #bytesMax: number
  #bytes = 0
  readonly #waiting = new Map<() => void, number>()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** For what is here already, whether there is room or not. */
  take(bytes: number): void {
    this.#bytes += bytes
  }

  /** Takes room now and returns true, or takes it later and calls `granted` then. */
  request(bytes: number, granted: () => void): boolean {
    if (this.#waiting.size === 0 && this.#fits(bytes)) {
      this.#bytes += bytes
      return true
    }
    this.#waiting.set(granted, bytes)
    return false
  }

  give(bytes: number): void {
    this.#bytes -= bytes
    this.#grant()
  }

  forget(granted: () => void): void {
    if (this.#waiting.delete(granted)) this.#grant()
  }

  #grant(): void {
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined || !this.#fits(first[1])) return
      const [granted, bytes] = first
      this.#waiting.delete(granted)
      this.#bytes += bytes
      granted()
    }
  }

  #fits(bytes: number): boolean {
    return this.#bytes + bytes <= this.#bytesMax
  }
}
