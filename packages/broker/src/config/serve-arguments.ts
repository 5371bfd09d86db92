// The command line of `sluice serve`: one flag per property, `--config`, `--json`, `--help`.
// Pure: says what was asked for, and does nothing.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { PROPERTIES } from './properties.ts'
import { flagName } from './property.ts'
import { propertyNames, valueOfText } from './read-config.ts'
import type { ConfigSource } from './read-config.ts'
import { nearestName } from './suggestion.ts'

export interface ServeArguments {
  readonly flags: ConfigSource
  readonly configPath: string | undefined
  readonly isHelpWanted: boolean
}

/** Takes `--flag value` and `--flag=value`. Throws `invalid-config` for what it does not know. */
export function readServeArguments(args: readonly string[]): ServeArguments {
  const byFlag = new Map(propertyNames.map((name) => [flagName(name), name]))
  const values: Record<string, unknown> = {}
  let configPath: string | undefined
  let isHelpWanted = false
  for (let at = 0; at < args.length; at++) {
    const [flag, attached] = splitFlag(args[at]!)
    const value = (): string => attached ?? valueAfter(args, ++at, flag)
    const name = byFlag.get(flag)
    if (name !== undefined) values[name] = valueOfText(name, value())
    else if (flag === '--config') configPath = value()
    else if (flag === '--json') values['logFormat'] = 'json'
    else if (flag === '--help' || flag === '-h') isHelpWanted = true
    else throw unknownFlag(flag, [...byFlag.keys(), '--config', '--json', '--help'])
  }
  return { flags: { from: 'the command line', values }, configPath, isHelpWanted }
}

export function serveHelp(): string {
  const rows = propertyNames.map((name) => {
    const { doc, default: value } = PROPERTIES[name]
    return `  ${flagName(name).padEnd(32)} ${doc} [${value}]`
  })
  return `Usage: sluice serve [flags]

Starts a broker and serves until it is told to stop. SIGINT and SIGTERM close it in order; a second one ends
it at once.

  ${'--config'.padEnd(32)} YAML file of properties; the environment and flags win over it.
  ${'--json'.padEnd(32)} The same as --log-format json.
${rows.join('\n')}

Examples:
  sluice serve --data-dir /var/lib/sluice
  sluice serve --config sluice.yaml --listen 127.0.0.1:0 --json
`
}

/** `host:port`; a host with colons stands in brackets. Throws `invalid-config`. */
export function readListenAddress(text: string, property = 'listen'): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  if (host !== undefined && port <= 0xffff) return { host, port }
  throw new BrokerError('invalid-config', `${property} is ${JSON.stringify(text)}, but must be host:port`)
}

export interface KafkaListenAddress {
  readonly host: string
  readonly port: number
  readonly advertised?: { readonly host: string; readonly port: number }
}

/** Of `kafkaListen` and `kafkaAdvertised`; none where it is off. Throws `invalid-config`. */
export function readKafkaListen(listen: string, advertised: string): KafkaListenAddress[] {
  if (listen === 'off') return []
  const addresses = listen.split(',').map((text) => readListenAddress(text.trim(), 'kafkaListen'))
  if (advertised === 'auto') return addresses
  const told = advertised.split(',').map((text) => readListenAddress(text.trim(), 'kafkaAdvertised'))
  if (told.length === addresses.length)
    return addresses.map((address, at) => ({ ...address, advertised: told[at]! }))
  const text = `kafkaAdvertised has ${told.length} addresses, and kafkaListen has ${addresses.length}`
  throw new BrokerError('invalid-config', text)
}

function splitFlag(argument: string): [string, string | undefined] {
  const at = argument.indexOf('=')
  return at < 0 || !argument.startsWith('--')
    ? [argument, undefined]
    : [argument.slice(0, at), argument.slice(at + 1)]
}

function valueAfter(args: readonly string[], at: number, flag: string): string {
  const value = args[at]
  if (value === undefined) throw new BrokerError('invalid-config', `${flag} needs a value`)
  return value
}

function unknownFlag(flag: string, known: readonly string[]): BrokerError {
  const meant = nearestName(flag, known)
  const hint = meant === undefined ? '' : `; perhaps ${meant} is meant`
  return new BrokerError('invalid-config', `There is no flag ${flag}${hint}`)
}
