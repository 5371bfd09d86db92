// Room for requests that the broker holds and does not carry out yet, over all connections: large ones that
// have begun to arrive, as far as they have, and whole ones that wait for their turn. When it is used up, of
// those that arrive only the one that began first may go on, and it may to its end: so one of them always
// completes, and who only claims a large frame keeps nobody out. Apart from the bytes in progress: what is in
// progress must not wait for what has not arrived.

/** Called when more may come of a frame. Stands for its connection, too. */
export type Granted = () => void

/** What one read of a socket brings. */
const readBytes = 64 * 1024

export class FrameRoom {
  readonly #bytesMax: number
  #bytes = 0
  /** What has come of each frame, in the order in which they began. */
  readonly #begun = new Map<Granted, number>()
  readonly #waiting = new Set<Granted>()

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

  give(bytes: number): void {
    this.#bytes -= bytes
    this.#grant()
  }

  /** So much of a frame is here by now. False: no more of it may come before `granted` is called. */
  arrived(granted: Granted, bytes: number): boolean {
    this.#bytes += bytes - (this.#begun.get(granted) ?? 0)
    this.#begun.set(granted, bytes)
    const [first] = this.#begun.keys()
    if (granted === first || this.#bytes <= this.#bytesMax) return true
    this.#waiting.add(granted)
    return false
  }

  /** The frame is whole, or its connection over. */
  forget(granted: Granted): void {
    this.#waiting.delete(granted)
    const bytes = this.#begun.get(granted) ?? 0
    this.#begun.delete(granted)
    this.give(bytes)
  }

  #grant(): void {
    if (this.#waiting.size === 0) return
    const [first] = this.#begun.keys()
    if (this.#waiting.delete(first!)) first!()
    let left = this.#bytesMax - this.#bytes
    for (const granted of this.#waiting) {
      if (left <= 0) return
      left -= readBytes
      this.#waiting.delete(granted)
      granted()
    }
  }
}
