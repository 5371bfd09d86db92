// The faults, each as what is done to a running broker or to the way to it. The killing is not among them:
// it ends every round.

import { connect as connectSocket } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@sluice/client'
import type { BrokerProcess } from '../../support/broker-process.ts'
import type { SmallDisk } from '../../support/small-disk.ts'
import type { Chance } from './chance.ts'
import type { History } from './history.ts'
import type { Load } from './load.ts'
import type { MemberClient } from './member-client.ts'

export interface FaultScene {
  readonly broker: BrokerProcess
  /** Undefined where disks cannot be made. */
  readonly disk: SmallDisk | undefined
  readonly members: readonly MemberClient[]
  readonly load: Load
  readonly history: History
  readonly chance: Chance
}

export interface Fault {
  readonly name: string
  /** How often it comes, beside the others. */
  readonly weight: number
  readonly isPossible?: (scene: FaultScene) => boolean
  strike(scene: FaultScene): Promise<void>
}

const faults: readonly Fault[] = [
  { name: 'none', weight: 8, strike: () => Promise.resolve() },
  {
    name: 'stopped broker',
    weight: 2,
    strike: async ({ broker, chance }) => {
      broker.signal('SIGSTOP')
      await sleep(chance.between(100, 1_500))
      broker.signal('SIGCONT')
    },
  },
  {
    name: 'full disk',
    weight: 3,
    isPossible: ({ disk }) => disk !== undefined,
    strike: async ({ disk, chance }) => {
      disk!.fill()
      await sleep(chance.between(50, 400))
      disk!.free()
    },
  },
  {
    name: 'half-open connections',
    weight: 3,
    strike: async ({ members, history, chance }) => {
      const member = chance.pick(members)
      member.lost(history.now())
      member.gate.freeze()
    },
  },
  {
    name: 'reset connections',
    weight: 3,
    strike: async ({ members, history, chance }) => {
      const member = chance.pick(members)
      member.lost(history.now())
      member.gate.cut()
    },
  },
  {
    name: 'slow reader',
    weight: 3,
    strike: async ({ members, load, chance }) => {
      const member = chance.pick(members)
      const forMs = chance.between(200, 1_200)
      load.lateFor(member.member, forMs + lateMs)
      member.gate.slow(forMs)
    },
  },
  { name: 'connection storm', weight: 3, strike: (scene) => storm(scene) },
]

/** After a standstill, so long until what had piled up is through. */
const lateMs = 1_000

export function drawFault(scene: FaultScene): Fault {
  const possible = faults.filter(({ isPossible }) => isPossible?.(scene) ?? true)
  const drawn = possible.flatMap((fault) => Array<Fault>(fault.weight).fill(fault))
  return scene.chance.pick(drawn)
}

const stormSockets = 150
const stormClients = 10

/** Some say nothing, some half of a greeting, some nonsense, and some are real. */
async function storm({ broker, chance }: FaultScene): Promise<void> {
  const [host, port] = broker.address.split(':') as [string, string]
  const sayings = [Buffer.alloc(0), Buffer.from([0, 0, 0, 40, 1, 0]), Buffer.alloc(64, 0xff)]
  const sockets: Socket[] = []
  for (let index = 0; index < stormSockets; index++) {
    const socket = connectSocket({ host, port: Number(port) })
    socket.on('error', () => {})
    socket.write(sayings[index % sayings.length]!)
    sockets.push(socket)
  }
  const clients = Array.from({ length: stormClients }, () =>
    connect({ servers: [broker.address], connectTimeoutMs: 1_000 }).then(
      (client) => client.close(),
      () => {},
    ),
  )
  await sleep(chance.between(20, 300))
  for (const socket of sockets) socket.destroy()
  await Promise.all(clients)
}
