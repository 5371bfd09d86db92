// A broker in a process and a folder of its own. Kills no process but the one it started, and leaves nothing
// behind: neither the process nor the folder.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('main.ts', import.meta.resolve('sluice')))
const startsMax = 20
const readyMsMax = 15_000
/**
 * Why not a port that the system chooses: while the broker is down, the outgoing end of some connection could
 * be given it, and the broker could not come back. Systems give out ports above this range.
 */
const portMin = 20_000
const portCount = 12_000

export class BrokerProcess {
  #dataDir: string | undefined
  #port = 0
  #child: ChildProcess | undefined
  #errorText = ''
  #isDestroyed = false
  /** Called when the broker ends and nobody has killed it. */
  onUnexpectedEnd: (error: Error) => void = () => {}

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Resolves when it serves. Rejects with what it said when it does not come up. */
  async start(): Promise<void> {
    this.#dataDir = mkdtempSync(join(tmpdir(), 'sluice-demo-'))
    for (let tries = 1; ; tries++) {
      if (this.#port === 0) this.#port = portMin + Math.floor(Math.random() * portCount)
      try {
        return await this.#launch()
      } catch (error) {
        const isPortTaken = /EADDRINUSE/.test(String(error))
        if (!isPortTaken || tries === startsMax) throw error
        this.#port = 0
      }
    }
  }

  /** On the same port and the same folder. */
  restart(): Promise<void> {
    return this.#launch()
  }

  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
    })
    child.kill('SIGKILL')
    return gone
  }

  /** Resolves when process and folder are gone. Harmless when called again. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true
    await this.kill()
    this.#removeFolder()
  }

  /** For the very end of this process, when nothing can be awaited any more. */
  destroyNow(): void {
    this.#isDestroyed = true
    void this.kill()
    this.#removeFolder()
  }

  #removeFolder(): void {
    if (this.#dataDir === undefined) return
    rmSync(this.#dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }

  #launch(): Promise<void> {
    if (this.#isDestroyed) return Promise.reject(new Error('The run is over'))
    const place = ['--data-dir', this.#dataDir!, '--listen', this.address, '--kafka-listen', 'off']
    const flags = [...place, '--log-level', 'warn']
    const child = spawn(process.execPath, [program, 'serve', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Why: Ctrl-C reaches every process of the terminal's group, and this one is ours to end.
      detached: true,
      // Why: the environment of the caller must not configure this broker.
      env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' },
    })
    this.#child = child
    this.#errorText = ''
    child.stderr.on('data', (bytes: Buffer) => {
      this.#errorText = (this.#errorText + bytes.toString()).slice(-4_000)
    })
    return this.#untilReady(child)
  }

  #untilReady(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(this.#failure(`is not ready after ${readyMsMax} ms`)), readyMsMax)
    createInterface({ input: child.stdout! }).once('line', () => resolve())
    child.once('error', (error) => reject(error))
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return reject(this.#failure('was stopped'))
      const error = this.#failure(`ended by itself (${signal ?? `exit code ${code}`})`)
      reject(error)
      if (isReady) this.onUnexpectedEnd(error)
    })
    let isReady = false
    return promise.then(() => void (isReady = true)).finally(() => clearTimeout(timer))
  }

  #failure(what: string): Error {
    const said = this.#errorText.trim()
    return new Error(`The broker ${what}${said === '' ? '' : `. It said:\n${said}`}`)
  }
}
