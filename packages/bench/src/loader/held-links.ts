// Connections of Kafka clients that have done what each client does first, and then ask for nothing.

import { apiVersionsApi } from '@sluice/protocol/kafka/generated/api-versions'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { KafkaLink } from '../targets/kafka-link.ts'
import { metadataOf } from '../targets/kafka-lookups.ts'
import type { HoldLinksParams } from './task-types.ts'

/** That are being opened at a time: a queue of the system's has as many places as a server asked for. */
const lanes = 64

export class HeldLinks {
  readonly #links: KafkaLink[] = []

  get openCount(): number {
    return this.#links.filter(({ isOpen }) => isOpen).length
  }

  /** Resolves when so many are open, and holds them until the process ends. */
  async open({ kafkaAddress, count }: HoldLinksParams): Promise<{ elapsedMs: number }> {
    const startMs = performance.now()
    let begunCount = 0
    const lane = async (): Promise<void> => {
      while (begunCount++ < count) this.#links.push(await openedLink(kafkaAddress))
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    return { elapsedMs: performance.now() - startMs }
  }
}

async function openedLink(address: string): Promise<KafkaLink> {
  const link = await KafkaLink.open(address)
  await link.ask(apiVersionsApi, { clientSoftwareName: 'bench', clientSoftwareVersion: '1' })
  await link.ask(metadataApi, metadataOf(null))
  return link
}
