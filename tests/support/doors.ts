// The two doors by which every black-box scenario is tried: a broker of its own process, and one embedded
// in memory.

import type { TestContext } from 'node:test'
import { Broker } from 'sluice'
import type { Client } from '@sluice/client'
import { brokerFor } from './broker-process.ts'

export type Door = (test: TestContext) => Promise<Client>

async function served(test: TestContext): Promise<Client> {
  const broker = await brokerFor(test)
  const client = await broker.connect()
  test.after(() => client.close())
  return client
}

async function embedded(test: TestContext): Promise<Client> {
  const broker = await Broker.start({ memory: true, areInvariantsChecked: true })
  const client = await broker.connect()
  test.after(async () => {
    await client.close()
    await broker.close()
  })
  return client
}

export const doors: readonly (readonly [name: string, door: Door])[] = [
  ['served', served],
  ['embedded', embedded],
]
