// `connect`: a client, once a broker has answered.

import { Client } from './client.ts'
import { readClientOptions } from './client-options.ts'
import type { ClientOptions } from './client-options.ts'
import { abortedError } from './link/pending-request.ts'
import { nodePlatform } from './transport/node-platform.ts'

/**
 * Rejects with `no-server`, naming each server and why, when none answers within `connectTimeoutMs`; at once
 * when they answer and refuse (`unsupported-version`, `malformed-frame` of something that is no broker). Once
 * connected, the client reconnects by itself, for ever, until it is closed.
 */
export async function connect(options: ClientOptions = {}): Promise<Client> {
  const { signal } = options
  const client = new Client(readClientOptions(options), options.platform ?? nodePlatform)
  if (signal === undefined) return opened(client)
  const close = (): void => void client.close()
  signal.addEventListener('abort', close)
  client.on('close', () => signal.removeEventListener('abort', close))
  if (signal.aborted) close()
  return opened(client).catch((error: unknown) => {
    signal.removeEventListener('abort', close)
    throw signal.aborted ? abortedError(signal) : error
  })
}

async function opened(client: Client): Promise<Client> {
  await client.open()
  return client
}
