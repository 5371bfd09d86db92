// The seam to threads: channels between them, and threads that are started and end. `real-threads.ts`
// implements it on workers, `memory-threads.ts` in one thread, with clones of messages all the same.
// Must never share memory: what is posted is copied, or given away.

/** One end of a channel before it is opened; it may be given to another thread, once. */
export type ChannelEnd = object

/** What goes with a message and is the sender's no longer. */
export interface Gift {
  /** Buffers that the message refers to: they are moved instead of copied. */
  readonly buffers?: readonly ArrayBuffer[]
  readonly end?: ChannelEnd
}

export interface ChannelHandler {
  /** In the order in which they were posted; never from within `post` or `start`. */
  received(message: unknown, end: ChannelEnd | undefined): void
  /** Once, after the last message: the other end is closed, or its thread has ended. */
  closed(): void
}

export interface Channel {
  /** Harmless when the channel is closed. The message is plain data and bytes. */
  post(message: unknown, gift?: Gift): void
  /** What came before waits for it. */
  start(handler: ChannelHandler): void
  /** Both ends hear of it. */
  close(): void
}

/** What a thread is started with. */
export interface ThreadStart {
  /** Plain data. */
  readonly setup: unknown
  readonly end: ChannelEnd
}

export interface Thread {
  /** Ends it at once; `ended` is heard as with any other end. Harmless when it has ended. */
  terminate(): void
}

export interface Threads {
  /** The two ends of a new channel. */
  channel(): [ChannelEnd, ChannelEnd]
  open(end: ChannelEnd): Channel
  /** Keeps the process alive also while no thread runs, until what it returns is called. */
  keepAlive(): () => void
  /** `ended` is called once, when nothing of the thread runs any more: with an error where it failed. */
  start(given: ThreadStart, ended: (error: Error | undefined) => void): Thread
}
