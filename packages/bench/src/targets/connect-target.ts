// From a name and an address to a connected client, of whatever system. Peers have a server of their own,
// so that their stream needs no name of its own. Clients are loaded when they are
// needed: a run against Sluice alone loads no other.

import type { TargetClient, TargetName } from './target.ts'

export async function connectTarget(
  name: TargetName,
  address: string,
  stream: string,
): Promise<TargetClient> {
  switch (name) {
    case 'sluice':
      return (await import('./sluice-client.ts')).connectSluice(address, stream)
    case 'nats':
      return (await import('./nats-client.ts')).connectNats(address)
    case 'redis':
      return (await import('./redis-client.ts')).connectRedis(address)
  }
}
