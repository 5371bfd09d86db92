// The servers, as their users run them: their own defaults, but for the address, the folder and what is
// stated in `setting`.

import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Durability, ServerPlace, ServerSpec, TargetName } from './target.ts'

/** Why looked for when it is needed: measuring a broker that runs needs no broker here. */
function sluiceProgram(): string {
  return fileURLToPath(new URL(`main${extname(import.meta.url)}`, import.meta.resolve('sluice')))
}

const sluice: ServerSpec = {
  name: 'sluice',
  program: process.execPath,
  args: ({ folder, port }) =>
    [sluiceProgram(), 'serve'].concat(
      ['--data-dir', folder, '--listen', `127.0.0.1:${port}`],
      ['--kafka-listen', '127.0.0.1:0', '--log-level', 'warn'],
    ),
  readyText: /ready on /,
  setting: (durability) =>
    ({ fsync: 'fsync before the ack', os: 'page cache before the ack', memory: 'memory' })[durability],
}

const nats: ServerSpec = {
  name: 'nats',
  program: 'nats-server',
  args: ({ folder, port }) => ['-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port)],
  readyText: /Server is ready/,
  setting: (durability) =>
    durability === 'memory' ? 'JetStream memory' : 'JetStream file, default sync (every 2 min)',
}

const redisFsync: Readonly<Record<Durability, string>> = { fsync: 'always', os: 'everysec', memory: 'no' }

const redis: ServerSpec = {
  name: 'redis',
  program: 'redis-server',
  args: ({ folder, port, durability }: ServerPlace) =>
    ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''].concat(
      ['--appendonly', durability === 'memory' ? 'no' : 'yes'],
      ['--appendfsync', redisFsync[durability]],
    ),
  readyText: /Ready to accept connections/,
  setting: (durability) =>
    durability === 'memory' ? 'no append-only file' : `appendfsync ${redisFsync[durability]}`,
}

export const SERVER_SPECS: Readonly<Record<TargetName, ServerSpec>> = { sluice, nats, redis }
