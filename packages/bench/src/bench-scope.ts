// Everything that one measurement has started: whatever happens in it, no process and no folder is left.

import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from './options.ts'
import { LoaderProcess } from './process/loader-process.ts'
import { inspectFlag } from './process/node-inspector.ts'
import { ServerProcess } from './process/server-process.ts'
import type { MeasuredServer } from './process/server-process.ts'
import type { Bench, Case, SystemName } from './scenarios/scenario.ts'
import { SERVER_SPECS } from './targets/server-specs.ts'
import type { Durability } from './targets/target.ts'

const open = new Set<BenchScope>()

/** For the end of this process before its time. */
export async function endAllScopes(): Promise<void> {
  await Promise.allSettled([...open].map((scope) => scope.end()))
}

export class BenchScope implements Bench {
  readonly system: SystemName
  readonly durability: Durability
  readonly options: BenchOptions
  readonly #serverFlags: readonly string[]
  /** On a server that runs already, a stream of our own. */
  readonly #stream: string | undefined
  readonly #folders: string[] = []
  readonly #servers: ServerProcess[] = []
  readonly #loaders: LoaderProcess[] = []

  constructor(system: SystemName, { durability, serverFlags = [] }: Case, options: BenchOptions) {
    this.system = system
    this.durability = durability
    this.options = options
    this.#serverFlags = serverFlags
    this.#stream = options.server === undefined ? undefined : `BENCH-${randomUUID().slice(0, 8)}`
    open.add(this)
  }

  folder(): string {
    const made = mkdtempSync(join(this.options.parentFolder ?? tmpdir(), 'sluice-bench-'))
    this.#folders.push(made)
    return made
  }

  server(folder: string = this.folder(), nodeFlags: readonly string[] = []): ServerProcess {
    if (this.system === 'raw') throw new Error('The machine itself has no server')
    const runFlags = this.#isProfiled ? [...new Set([...nodeFlags, inspectFlag])] : nodeFlags
    const flags = this.system === 'sluice' ? this.#serverFlags : []
    const parts = { folder, durability: this.durability, flags, nodeFlags: runFlags }
    const server = new ServerProcess(SERVER_SPECS[this.system], parts)
    this.#servers.push(server)
    return server
  }

  async started(nodeFlags: readonly string[] = []): Promise<MeasuredServer> {
    if (this.options.server !== undefined) return { address: this.options.server, pid: 0, said: '' }
    const server = this.server(this.folder(), nodeFlags)
    await server.start()
    return server
  }

  loader(server?: MeasuredServer): LoaderProcess {
    const isRaw = this.system === 'raw' || server === undefined
    const own = this.#stream === undefined ? {} : { stream: this.#stream }
    const place = isRaw ? {} : { target: this.system, address: server.address, ...own }
    const { profileFolder } = this.options
    const profile = this.#isProfiled && profileFolder !== undefined ? { profileFolder } : {}
    const loader = new LoaderProcess({ ...place, ...profile })
    this.#loaders.push(loader)
    return loader
  }

  /** Loaders first: a server whose clients have gone ends at once. */
  async end(): Promise<void> {
    if (!open.delete(this)) return
    if (this.#stream !== undefined) await this.#loaders[0]?.run('deleteStream', {}).catch(() => {})
    await Promise.allSettled(this.#loaders.map((loader) => loader.end()))
    await Promise.allSettled(this.#servers.map((server) => server.stop()))
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** The end of what the servers have printed: for the message when a measurement fails. */
  get said(): string {
    return this.#servers.map((server) => server.said).join('')
  }

  get #isProfiled(): boolean {
    return this.options.profileFolder !== undefined && this.system === 'sluice'
  }
}
