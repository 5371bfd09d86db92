// A server under measurement: a process of its own on a folder and a port of its own. Ends no process but the
// one it started.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Durability, ServerSpec } from '../targets/target.ts'

const readyMsMax = 120_000
const stopMsMax = 30_000
const saidCharsMax = 8_000

export interface ServerOptions {
  readonly folder: string
  readonly durability: Durability
  /** More flags of the server. */
  readonly flags?: readonly string[]
  /** Flags of Node, put before the program where the program is one of Node's. */
  readonly nodeFlags?: readonly string[]
}

/** A server as measurements see it, whoever has started it. */
export interface MeasuredServer {
  readonly address: string
  /** 0 for a server that is not ours. */
  readonly pid: number
  /** The end of what it printed. */
  readonly said: string
}

export class ServerProcess implements MeasuredServer {
  readonly #spec: ServerSpec
  readonly #options: ServerOptions
  #port = 0
  #child: ChildProcess | undefined
  /** The end of what it printed since the last start. */
  said = ''

  constructor(spec: ServerSpec, options: ServerOptions) {
    this.#spec = spec
    this.#options = options
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Resolves with the milliseconds from the start of the process until it says that it serves. */
  async start(): Promise<number> {
    if (this.#port === 0) this.#port = await freePort()
    const { folder, durability, flags = [], nodeFlags = [] } = this.#options
    const { program, args } = this.#spec
    const runFlags = program === process.execPath ? nodeFlags : []
    const place = { folder, port: this.#port, durability }
    const startMs = performance.now()
    const child = spawn(program, [...runFlags, ...args(place), ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Why: the environment of the caller must not configure what is measured.
      env: { PATH: searchPath(), NODE_NO_WARNINGS: '1' },
      detached: true,
    })
    this.#child = child
    this.said = ''
    await this.#untilReady(child)
    return performance.now() - startMs
  }

  /** An orderly end. */
  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  /** SIGKILL: nothing is said, flushed or closed. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
    await exited
    clearTimeout(timer)
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const hear = (bytes: Buffer): void => {
      this.said = (this.said + bytes.toString()).slice(-saidCharsMax)
      if (this.#spec.readyText.test(this.said)) resolve()
    }
    child.stdout!.on('data', hear)
    child.stderr!.on('data', hear)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${this.#spec.name} ended. It said:\n${this.said}`)))
    const late = (): void =>
      reject(new Error(`${this.#spec.name} is not ready in time. It said:\n${this.said}`))
    const timer = setTimeout(late, readyMsMax)
    try {
      await promise
    } catch (error) {
      await this.kill()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Where Kafka's clients find it. */
export function kafkaAddressOf({ said }: MeasuredServer): string {
  const address = /Kafka on (\S+:\d+)/.exec(said)?.[1]
  if (address === undefined) throw new Error('The broker does not say where it listens for Kafka clients')
  return address
}

/** Debian puts nats-server where only root looks. */
export function searchPath(): string {
  return `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
