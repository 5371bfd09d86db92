// Everything that one measurement has started: whatever happens in it, no process and no folder is left.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from './options.ts'
import { LoaderProcess } from './process/loader-process.ts'
import { inspectFlag } from './process/node-inspector.ts'
import { ServerProcess } from './process/server-process.ts'
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
  readonly #folders: string[] = []
  readonly #servers: ServerProcess[] = []
  readonly #loaders: LoaderProcess[] = []

  constructor(system: SystemName, { durability }: Case, options: BenchOptions) {
    this.system = system
    this.durability = durability
    this.options = options
    open.add(this)
  }

  folder(): string {
    const made = mkdtempSync(join(this.options.parentFolder ?? tmpdir(), 'sluice-bench-'))
    this.#folders.push(made)
    return made
  }

  server(folder: string = this.folder(), nodeFlags: readonly string[] = []): ServerProcess {
    if (this.system === 'raw') throw new Error('The machine itself has no server')
    const flags = this.#isProfiled ? [...new Set([...nodeFlags, inspectFlag])] : nodeFlags
    const { durability } = this
    const server = new ServerProcess(SERVER_SPECS[this.system], { folder, durability, nodeFlags: flags })
    this.#servers.push(server)
    return server
  }

  async started(nodeFlags: readonly string[] = []): Promise<ServerProcess> {
    const server = this.server(this.folder(), nodeFlags)
    await server.start()
    return server
  }

  loader(server?: ServerProcess): LoaderProcess {
    const isRaw = this.system === 'raw' || server === undefined
    const place = isRaw ? {} : { target: this.system, address: server.address }
    const { profileFolder } = this.options
    const profile = this.#isProfiled && profileFolder !== undefined ? { profileFolder } : {}
    const loader = new LoaderProcess({ ...place, ...profile })
    this.#loaders.push(loader)
    return loader
  }

  /** Loaders first: a server whose clients have gone ends at once. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#loaders.map((loader) => loader.end()))
    await Promise.allSettled(this.#servers.map((server) => server.stop()))
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    open.delete(this)
  }

  /** The end of what the servers have printed: for the message when a measurement fails. */
  get said(): string {
    return this.#servers.map((server) => server.said).join('')
  }

  get #isProfiled(): boolean {
    return this.options.profileFolder !== undefined && this.system === 'sluice'
  }
}
