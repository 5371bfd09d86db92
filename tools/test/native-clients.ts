// Builds the Kafka clients with native parts that the long run of tests/compat tries, each when it is first
// asked for. They are no part of the workspace, because they take minutes and hundreds of megabytes.
//
//   node tools/test/native-clients.ts                 all
//   node tools/test/native-clients.ts node-rdkafka    those named

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { installDebianPackages } from './debian-packages.ts'

const folder = resolve(import.meta.dirname, '../../tests/compat/native')

interface NativeClient {
  readonly debianPackages: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const CLIENTS: Readonly<Record<string, NativeClient>> = {
  'node-rdkafka': {
    debianPackages: ['librdkafka-dev'],
    environment: { BUILD_LIBRDKAFKA: '0' },
  },
  '@confluentinc/kafka-javascript': {
    debianPackages: ['libcurl4-openssl-dev', 'libsasl2-dev', 'libssl-dev', 'libzstd-dev', 'zlib1g-dev'],
    environment: { CKJS_LINKING: 'dynamic', npm_config_build_from_source: 'true' },
  },
}

/** At once, when the running Node can load what was built before. */
export function buildNativeClient(name: string): void {
  const client = CLIENTS[name]
  if (client === undefined) throw new Error(`${name} is none of ${Object.keys(CLIENTS).join(', ')}`)
  if (isBuilt(name)) return
  console.log(`building ${name}, once`)
  const { debianPackages, environment } = client
  if (!installDebianPackages(debianPackages)) console.log('and a compiler of C++, make, and Python')
  if (!isUnpacked(name)) run('npm', ['ci', '--ignore-scripts'])
  run('npm', ['rebuild', name], { ...environment, npm_config_nodedir: nodeHeaders() })
  if (!isBuilt(name)) throw new Error(`${name} was built, and cannot be loaded`)
}

function isBuilt(name: string): boolean {
  return spawnSync(process.execPath, ['-e', `require('${name}')`], { cwd: folder }).status === 0
}

function isUnpacked(name: string): boolean {
  try {
    createRequire(resolve(folder, 'package.json')).resolve(`${name}/package.json`)
    return true
  } catch {
    return false
  }
}

/** Where the running Node has its headers: npm's package of it brings them, as Node's own archives do. */
function nodeHeaders(): string {
  try {
    const beside = createRequire(process.execPath)
    return dirname(beside.resolve(`node-${process.platform}-${process.arch}/package.json`))
  } catch {
    return resolve(process.execPath, '../..')
  }
}

function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): void {
  const { status } = spawnSync(command, args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}

if (import.meta.main) {
  const named = process.argv.slice(2)
  for (const name of named.length === 0 ? Object.keys(CLIENTS) : named) buildNativeClient(name)
}
