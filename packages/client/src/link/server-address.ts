// `host`, `host:port`, `[::1]:port`: where a broker listens.

import { BrokerError } from '@sluice/protocol/errors/broker-error'

export interface ServerAddress {
  readonly text: string
  readonly host: string
  readonly port: number
}

const defaultPort = 9898

export function parseServer(text: string): ServerAddress {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? defaultPort : Number(match[3])
  if (host === undefined || port < 1 || port > 65_535) {
    throw new BrokerError(
      'invalid-option',
      `servers: '${text}' is no server; write host:port, such as 127.0.0.1:9898`,
    )
  }
  return { text, host, port }
}

/** An address from its parts. */
export function serverAddress(host: string, port: number): ServerAddress {
  return { text: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, host, port }
}
