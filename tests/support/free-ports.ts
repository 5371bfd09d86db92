// Ports for brokers under test that are killed and started again.

import { createServer } from 'node:net'
import type { Server } from 'node:net'

/** Linux takes the ports that it gives away from above. */
const [portMin, portMax] = [10_240, 32_768]
/** Of one door: its own, and one for each of eight shards. */
const doorPorts = 9
const doorCount = Math.floor((portMax - portMin) / doorPorts)
/** More than one process takes: those that run at once, whose ids are near, come to other ports. */
const doorsOfProcess = 37

let next = process.pid * doorsOfProcess

/**
 * The first port of a door at which nobody listens; those above it are for its shards. Why none that the
 * system gives away: it would give one to a client while the broker is dead.
 */
export async function freePorts(): Promise<number> {
  const port = portMin + (next++ % doorCount) * doorPorts
  const servers: Server[] = []
  try {
    for (let at = port; at < port + doorPorts; at++) servers.push(await listen(at))
    return port
  } catch {
    return freePorts()
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
