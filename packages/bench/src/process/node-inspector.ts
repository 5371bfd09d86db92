// Asks a Node process about itself, through its inspector: how much memory is live, and where its time goes.
// The process was started with `inspectFlag`, and listens on this machine alone.

/** A free port of this machine. */
export const inspectFlag = '--inspect=127.0.0.1:0'

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** Full (mark-compact) garbage collections, and how long the main thread stood still for them. */
export interface CollectionCounts {
  readonly fullCount: number
  readonly fullMs: number
}

const profileIntervalUs = 500

/** Run in the broker: counts into a place of its own, by the numbers of `perf_hooks.constants`. */
const countingScript = `(() => {
  const { PerformanceObserver, constants } = process.getBuiltinModule('node:perf_hooks')
  const counts = (globalThis.sluiceBenchCollections = { fullCount: 0, fullMs: 0 })
  new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries()) {
      if (detail.kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue
      counts.fullCount++
      counts.fullMs += duration
    }
  }).observe({ entryTypes: ['gc'] })
})()`

export class NodeInspector {
  readonly #socket: WebSocket
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
  }

  /** `said` is what the process has printed: it names the inspector's address there. */
  static async open(said: string): Promise<NodeInspector> {
    const address = /ws:\/\/\S+/.exec(said)?.[0]
    if (address === undefined) throw new Error('The process does not say where its inspector listens')
    const socket = new WebSocket(address)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true })
      socket.addEventListener('error', () => reject(new Error(`No inspector at ${address}`)), { once: true })
    })
    return new NodeInspector(socket)
  }

  close(): void {
    this.#socket.close()
  }

  /** Heap and buffers that are left after a garbage collection. */
  async liveBytes(): Promise<number> {
    // Why twice: what the first round frees may hold what the second one finds.
    await this.#ask('HeapProfiler.collectGarbage')
    await this.#ask('HeapProfiler.collectGarbage')
    const usage = (await this.#evaluate('process.memoryUsage()')) as NodeJS.MemoryUsage
    return usage.heapUsed + usage.external
  }

  /** From now on `collections` counts. */
  async countCollections(): Promise<void> {
    await this.#evaluate(countingScript)
  }

  async collections(): Promise<CollectionCounts> {
    return (await this.#evaluate('globalThis.sluiceBenchCollections')) as CollectionCounts
  }

  async startProfile(): Promise<void> {
    await this.#ask('Profiler.enable')
    await this.#ask('Profiler.setSamplingInterval', { interval: profileIntervalUs })
    await this.#ask('Profiler.start')
  }

  /** The profile since `startProfile`, as V8 writes it to a `.cpuprofile`. */
  async stopProfile(): Promise<unknown> {
    const answer = await this.#ask('Profiler.stop')
    return (answer as { profile: unknown }).profile
  }

  /** The value, as JSON carries it. */
  async #evaluate(expression: string): Promise<unknown> {
    const answer = await this.#ask('Runtime.evaluate', { expression, returnByValue: true })
    const { result, exceptionDetails } = answer as {
      result: { value?: unknown }
      exceptionDetails?: { text: string }
    }
    if (exceptionDetails !== undefined) throw new Error(`The inspected process: ${exceptionDetails.text}`)
    return result.value
  }

  #ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#lastId
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      const hear = ({ data }: MessageEvent): void => {
        const answer = JSON.parse(String(data)) as Answer
        if (answer.id !== id) return
        socket.removeEventListener('message', hear)
        if (answer.error === undefined) resolve(answer.result)
        else reject(new Error(`${method}: ${answer.error.message}`))
      }
      socket.addEventListener('message', hear)
      socket.send(JSON.stringify({ id, method, params }))
    })
  }
}
