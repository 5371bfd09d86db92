// Ports for brokers under test that are killed and started again.

import { createServer } from 'node:net'
import type { Server } from 'node:net'

/** Linux takes the ports that it gives away from above. */
const [PORT_MIN, PORT_MAX] = [10_240, 32_768]

/**
 * The first of so many ports in a row that nobody listens at: shards take those above the first. Why none
 * that the system gives away: it would give one to a client while the broker is dead.
 */
export async function freePorts(count: number): Promise<number> {
  const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN - count))
  const servers: Server[] = []
  try {
    for (let next = port; next < port + count; next++) servers.push(await listen(next))
    return port
  } catch {
    return freePorts(count)
  } finally {
    for (const server of servers) await new Promise((resolve) => server.close(resolve))
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
