// Where faults happen: a broker process on a disk of its own, which can be filled where disks can be made.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrokerProcess } from '../../support/broker-process.ts'
import { noSmallDisks, SmallDisk } from '../../support/small-disk.ts'
import type { Chance } from './chance.ts'
import type { History } from './history.ts'

const diskMiB = 160
const diskMiBPerRound = 2
const open = new Set<FaultStand>()

/** For the end of this process before its time: no broker and no disk is left. */
export async function removeAllStands(): Promise<void> {
  await Promise.allSettled([...open].map((stand) => stand.remove()))
}

export class FaultStand {
  readonly broker: BrokerProcess
  /** Undefined where disks cannot be made. */
  readonly disk: SmallDisk | undefined
  readonly #folder: string

  constructor(rounds: number, brokerFlags: readonly string[]) {
    this.disk = noSmallDisks === false ? new SmallDisk(diskMiB + rounds * diskMiBPerRound) : undefined
    this.#folder = this.disk?.path ?? mkdtempSync(join(tmpdir(), 'sluice-faults-'))
    const flags = ['--log-level', 'error', '--stalled-peer-ms', '2000', ...brokerFlags]
    this.broker = new BrokerProcess({ dataDir: join(this.#folder, 'data'), flags })
    open.add(this)
  }

  async killAndStart(history: History, chance: Chance): Promise<void> {
    history.add({ kind: 'broker-dying', at: history.now() })
    await this.broker.kill()
    if (chance.isLucky(0.2)) await sleep(chance.between(0, 300))
    await this.broker.start()
    history.add({ kind: 'broker-ready', at: history.now() })
  }

  async remove(): Promise<void> {
    if (!open.delete(this)) return
    await this.broker.kill()
    this.disk?.remove()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
