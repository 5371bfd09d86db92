// A broker as users run it: a process of its own, on a folder of its own, which can be killed
// and started again.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import { freePorts } from './free-ports.ts'

const main = new URL('../../packages/broker/src/main.ts', import.meta.url).pathname

export interface BrokerProcessOptions {
  /** Default: a new folder, removed after the test. */
  readonly dataDir?: string
  readonly flags?: readonly string[]
  /** Default: a free one; shards take those above it. */
  readonly port?: number
  /** Whether it listens for Kafka clients, too. */
  readonly isKafkaServed?: boolean
  /** For Kafka clients. Default: a free one. */
  readonly kafkaPort?: number
  /** Default: the `sluice` program. */
  readonly program?: string
  /** Added to that of this process. */
  readonly environment?: Readonly<Record<string, string>>
}

export class BrokerProcess {
  readonly dataDir: string
  readonly #flags: readonly string[]
  readonly #program: string
  readonly #environment: Readonly<Record<string, string>>
  #process: ChildProcess | undefined
  #port = 0
  #kafkaPort: number | undefined
  #kafkaAddresses: readonly string[] = []
  /** What it said on standard error since the last start. */
  errorText = ''

  constructor(options: BrokerProcessOptions = {}) {
    const { dataDir, flags = [], program = main, environment = {}, kafkaPort = 0 } = options
    this.#kafkaPort = options.isKafkaServed === true ? kafkaPort : undefined
    this.#port = options.port ?? 0
    this.#program = program
    this.#environment = environment
    this.dataDir = dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-e2e-'))
    this.#flags = flags
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** For Kafka clients. */
  get kafkaAddress(): string {
    return `127.0.0.1:${this.#kafkaPort!}`
  }

  /** Where there are several, in the order in which they were named. */
  get kafkaAddresses(): readonly string[] {
    return this.#kafkaAddresses
  }

  get pid(): number {
    return this.#process!.pid!
  }

  /** Resolves when it is ready. The ports stay the same from the first start on. */
  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePorts()
    if (this.#kafkaPort === 0) this.#kafkaPort = await freePorts()
    const listen = `127.0.0.1:${this.#port}`
    const kafkaListen = this.#kafkaPort === undefined ? 'off' : this.kafkaAddress
    const addresses = ['--listen', listen, '--kafka-listen', kafkaListen]
    const args = [this.#program, 'serve', '--data-dir', this.dataDir, ...addresses, ...this.#flags]
    const env = { ...process.env, ...this.#environment }
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    this.#process = child
    this.errorText = ''
    child.stderr.on('data', (chunk: Buffer) => (this.errorText += chunk.toString()))
    const lines = createInterface({ input: child.stdout })
    const ready = new Promise<string>((resolve) => lines.once('line', resolve))
    const line = await Promise.race([ready, once(child, 'exit').then(() => undefined)])
    assert.ok(line !== undefined, `the broker did not start: ${this.errorText}`)
    this.#port = Number(/:(\d+),/.exec(line)![1])
    if (this.#kafkaPort === undefined) return
    this.#kafkaAddresses = /Kafka on (.*), data/.exec(line)![1]!.split(' and ')
    this.#kafkaPort = Number(this.#kafkaAddresses[0]!.split(':')[1])
  }

  /** SIGKILL: nothing is said, flushed or closed. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGTERM: an orderly end. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  signal(signal: NodeJS.Signals): void {
    this.#process!.kill(signal)
  }

  connect(): Promise<Client> {
    return connect({ servers: [this.address] })
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null
    const exited = once(child, 'exit')
    child.kill(signal)
    const [code] = (await exited) as [number | null]
    return code
  }
}

/** A started broker that ends, with its folder, when the test does. */
export async function brokerFor(
  test: TestContext,
  options: BrokerProcessOptions = {},
): Promise<BrokerProcess> {
  const broker = new BrokerProcess(options)
  test.after(async () => {
    await broker.kill()
    if (options.dataDir === undefined) rmSync(broker.dataDir, { recursive: true, force: true })
  })
  await broker.start()
  return broker
}
