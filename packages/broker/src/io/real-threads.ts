// Threads of the operating system: Node's workers, and message ports between them.

import { availableParallelism } from 'node:os'
import { MessageChannel, MessagePort, Worker, workerData } from 'node:worker_threads'
import type { Transferable } from 'node:worker_threads'
import type { Channel, ChannelEnd, ChannelHandler, Gift, Thread, Threads, ThreadStart } from './threads.ts'

/** Cores that this process may use. */
export function availableCores(): number {
  return availableParallelism()
}

/** `entry` is the module that every thread runs; it asks `threadStart` what it was started with. */
export function realThreads(entry: URL): Threads {
  return {
    channel: () => {
      const { port1, port2 } = new MessageChannel()
      return [port1, port2]
    },
    open: openPort,
    keepAlive: () => {
      const { port1 } = new MessageChannel()
      port1.ref()
      return () => port1.close()
    },
    start: (given, ended) => startWorker(entry, given, ended),
  }
}

/** For the module that a thread runs. */
export function threadStart(): ThreadStart {
  return workerData as ThreadStart
}

export function openPort(end: ChannelEnd): Channel {
  if (end instanceof MessagePort) return new PortChannel(end)
  throw new TypeError('this is no end of a channel between threads')
}

class PortChannel implements Channel {
  readonly #port: MessagePort

  constructor(port: MessagePort) {
    this.#port = port
  }

  post(message: unknown, { buffers = [], end }: Gift = {}): void {
    const transferred: Transferable[] = [...buffers]
    if (end !== undefined) transferred.push(end as MessagePort)
    this.#port.postMessage({ message, end }, transferred)
  }

  start(handler: ChannelHandler): void {
    this.#port.on('close', () => handler.closed())
    this.#port.on('message', ({ message, end }: { message: unknown; end: ChannelEnd | undefined }) =>
      handler.received(message, end),
    )
  }

  close(): void {
    this.#port.close()
  }
}

function startWorker(entry: URL, given: ThreadStart, ended: (error: Error | undefined) => void): Thread {
  const worker = new Worker(entry, { workerData: given, transferList: [given.end as MessagePort] })
  let failure: Error | undefined
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error))
  })
  worker.on('exit', () => ended(failure))
  return { terminate: () => void worker.terminate() }
}
