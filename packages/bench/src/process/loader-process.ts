// The bench's hand in a loader: a process that holds one connection to a server and does one task at a time.
// Load is never made in the process that orders it, nor in that of the server.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoaderAnswer, LoaderPlace, TaskName, TaskParams, TaskResult } from '../loader/task-types.ts'

/** As it is here: a source, or what was emitted of it. */
const program = fileURLToPath(new URL(`../loader/loader${extname(import.meta.url)}`, import.meta.url))
const endMsMax = 10_000
/** A task that takes longer hangs. */
const taskMsMax = 600_000

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export class LoaderProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(place: LoaderPlace) {
    this.#child = fork(program, [JSON.stringify(place)], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (answer: LoaderAnswer) => this.#answered(answer))
    this.#child.once('error', (error) => this.#failAll(error))
    this.#child.once('exit', (code, signal) =>
      this.#failAll(new Error(`The loader ended: ${signal ?? code}`)),
    )
  }

  run<T extends TaskName>(task: T, params: TaskParams<T>): Promise<TaskResult<T>> {
    const id = ++this.#lastId
    const { promise, resolve, reject } = Promise.withResolvers<TaskResult<T>>()
    this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
    this.#child.send({ id, task, params })
    const hangs = (): void => reject(new Error(`The loader's ${task} does not end`))
    const timer = setTimeout(hangs, taskMsMax)
    return promise.finally(() => clearTimeout(timer))
  }

  /** Closes its connection and ends. Harmless when called again. */
  async end(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), endMsMax)
    await exited
    clearTimeout(timer)
  }

  #answered({ id, result, error }: LoaderAnswer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(error))
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
