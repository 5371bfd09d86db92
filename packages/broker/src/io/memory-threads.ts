// Threads that are none: what a thread would run runs here, and messages are cloned as between threads.
// For tests, where the order of all that happens must follow from the order of the calls.

import type { Soon } from './memory-connection.ts'
import type { Channel, ChannelEnd, ChannelHandler, Gift, Thread, Threads, ThreadStart } from './threads.ts'

/** Runs what a thread runs, with threads of its own. */
export type RunThread = (given: ThreadStart, threads: Threads, fail: (error: Error) => void) => void

/** Messages arrive in a later turn that `soon` gives. */
export function memoryThreads(run: RunThread, soon: Soon = queueMicrotask): Threads {
  return threadsOf(new Set(), run, soon)
}

/** `opened`: the channels of the thread that uses these threads. They close when it ends. */
function threadsOf(opened: Set<Channel>, run: RunThread, soon: Soon): Threads {
  return {
    channel: () => {
      const one = new MemoryEnd(soon)
      const other = new MemoryEnd(soon)
      one.peer = other
      other.peer = one
      return [one, other]
    },
    open: (end) => {
      const channel = end as MemoryEnd
      opened.add(channel)
      return channel
    },
    keepAlive: () => () => {},
    start: (given, ended) => startThread({ run, soon }, given, ended),
  }
}

function startThread(
  { run, soon }: { run: RunThread; soon: Soon },
  given: ThreadStart,
  ended: (error: Error | undefined) => void,
): Thread {
  const opened = new Set<Channel>()
  let isOver = false
  const end = (error?: Error): void => {
    if (isOver) return
    isOver = true
    ;(given.end as MemoryEnd).close()
    for (const channel of opened) channel.close()
    soon(() => ended(error))
  }
  const setup: unknown = structuredClone(given.setup)
  soon(() => {
    if (!isOver) run({ setup, end: given.end }, threadsOf(opened, run, soon), end)
  })
  return { terminate: () => end() }
}

class MemoryEnd implements Channel {
  peer!: MemoryEnd
  readonly #soon: Soon
  readonly #inbox: { readonly message: unknown; readonly end: ChannelEnd | undefined }[] = []
  #handler: ChannelHandler | undefined
  #isScheduled = false
  #isClosed = false
  #isOver = false

  constructor(soon: Soon) {
    this.#soon = soon
  }

  post(message: unknown, { buffers = [], end }: Gift = {}): void {
    const clone: unknown = structuredClone(message, { transfer: [...buffers] })
    if (this.#isClosed) return
    this.peer.#inbox.push({ message: clone, end })
    this.peer.#schedule()
  }

  start(handler: ChannelHandler): void {
    this.#handler = handler
    this.#schedule()
  }

  close(): void {
    this.#isClosed = true
    this.peer.#isClosed = true
    this.#schedule()
    this.peer.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isOver || this.#handler === undefined) return
    this.#isScheduled = true
    this.#soon(this.#deliver)
  }

  readonly #deliver = (): void => {
    this.#isScheduled = false
    for (const { message, end } of this.#inbox.splice(0)) this.#handler!.received(message, end)
    if (!this.#isClosed || this.#inbox.length > 0 || this.#isOver) return
    this.#isOver = true
    this.#handler!.closed()
  }
}
