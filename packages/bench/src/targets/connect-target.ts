// From a name and an address to a connected client, of whatever system. Clients are loaded when they are
// needed: a run against Sluice alone loads no other.

import type { TargetClient, TargetName } from './target.ts'

export async function connectTarget(name: TargetName, address: string): Promise<TargetClient> {
  switch (name) {
    case 'sluice':
      return (await import('./sluice-client.ts')).connectSluice(address)
    case 'nats':
      return (await import('./nats-client.ts')).connectNats(address)
    case 'redis':
      return (await import('./redis-client.ts')).connectRedis(address)
  }
}
