// `sluice serve` without the process around it: from arguments and environment to a running broker.

import { readConfig, environmentSource, fileSource } from './config/read-config.ts'
import type { Config, ConfigSource } from './config/read-config.ts'
import {
  readKafkaListen,
  readListenAddress,
  readServeArguments,
  serveHelp,
} from './config/serve-arguments.ts'
import { Broker } from './broker.ts'
import { IoError } from './io/io.ts'
import type { FileSystem } from './io/io.ts'
import { realIo } from './io/real-io.ts'
import { availableCores, realThreads } from './io/real-threads.ts'
import { operatorLogger } from './observe/logger.ts'
import type { Logger } from './base/logger.ts'
import { BrokerError } from '@sluice/protocol/errors/broker-error'

/** Beside this file, in whatever form it is. */
const usualThread = new URL(import.meta.url.replace(/serve(\.[jt]s)$/, 'shard-thread$1'))

export interface ServeSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whole lines: answers to who started it, and what it has to say. */
  readonly writeOut: (line: string) => void
  readonly writeError: (line: string) => void
  /** The broker cannot go on, and has been told so in the log. */
  readonly failed: Failed
  /** What the thread of a shard runs, where that is not the usual. */
  readonly shardThread?: URL
}

/** What `serve` needs of a broker, with shards or without. */
export type ServedBroker = Pick<Broker, 'address' | 'kafkaAddresses' | 'close'>

type Failed = () => void

export interface Serving {
  readonly broker: ServedBroker
  readonly logger: Logger
  /** To be printed once the process can be told to stop: whoever reads it may do so at once. */
  readonly readyLine: string
}

/** Undefined when only help was asked for. Rejects with a `BrokerError` when it cannot start. */
export async function serve(
  args: readonly string[],
  surroundings: ServeSurroundings,
): Promise<Serving | undefined> {
  const { flags, configPath, isHelpWanted } = readServeArguments(args)
  if (isHelpWanted) {
    surroundings.writeOut(serveHelp())
    return undefined
  }
  const { source, typos } = environmentSource(surroundings.environment)
  const file = configPath === undefined ? [] : [await readFileSource(realIo().files, configPath)]
  const config = readConfig([...file, source, flags])
  const logger = operatorLogger({ level: config.logLevel, format: config.logFormat }, surroundings.writeError)
  for (const typo of typos) logger.warn({}, typo)
  const broker = await startBroker(config, logger, surroundings)
  return { broker, logger, readyLine: readyLine(config, broker) }
}

async function startBroker(
  config: Config,
  logger: Logger,
  { failed, shardThread = usualThread }: ServeSurroundings,
): Promise<ServedBroker> {
  const { dataDir, listen, kafkaListen, kafkaAdvertised, name, shards, ...rest } = config
  const { logLevel: _level, logFormat: _format, ...limits } = rest
  const address = readListenAddress(listen)
  const kafka = readKafkaListen(kafkaListen, kafkaAdvertised)
  const count = shards === 'auto' ? availableCores() : shards
  if (count === 1) return Broker.start({ dataDir, listen: address, kafka, name, limits, logger })
  // Why at call: one shard, which is the default, needs none of it.
  const { ShardedBroker } = await import('./sharded-broker.ts')
  checkShardPorts([address, ...kafka], count)
  const [io, threads] = [realIo(logger), realThreads(shardThread)]
  return ShardedBroker.start({
    io,
    threads,
    shards: count,
    dataDir,
    listen: address,
    kafka,
    name,
    limits,
    logger,
    failed,
  })
}

function checkShardPorts(addresses: readonly { port: number }[], shards: number): void {
  const taken = new Set<number>()
  for (const { port: first } of addresses) {
    if (first === 0) continue
    const text = `Port ${first} is named, and ${shards} shards need the ${shards} ports above it`
    if (first + shards > 0xffff) throw new BrokerError('invalid-config', text)
    for (let port = first; port <= first + shards; port++) {
      if (taken.has(port))
        throw new BrokerError('invalid-config', `${text}: they reach port ${port} of another address`)
      taken.add(port)
    }
  }
}

/** One line that a supervisor can wait for. */
function readyLine({ logFormat, dataDir, name }: Config, { address, kafkaAddresses }: ServedBroker): string {
  const { host, port } = address!
  if (logFormat === 'json') {
    return `${JSON.stringify({ ready: true, name, host, port, kafka: kafkaAddresses, dataDir })}\n`
  }
  const kafka = kafkaAddresses.length === 0 ? '' : `, for Kafka on ${kafkaAddresses.map(shown).join(' and ')}`
  return `${name} ready on ${shown({ host, port })}${kafka}, data in ${dataDir}\n`
}

function shown({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

async function readFileSource(files: FileSystem, path: string): Promise<ConfigSource> {
  try {
    const file = await files.open(path, { create: false })
    try {
      const bytes = new Uint8Array(await file.size())
      await file.read(bytes, 0)
      return fileSource(path, new TextDecoder().decode(bytes))
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (!(cause instanceof IoError)) throw cause
    throw new BrokerError('invalid-config', `The configuration file cannot be read: ${cause.message}`, {
      cause,
    })
  }
}
