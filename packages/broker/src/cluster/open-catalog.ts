// Opens the catalog of a broker and begins a life of it: what every start does first with a data directory.

import type { Logger } from '../base/logger.ts'
import type { Io } from '../io/io.ts'
import { TailCache } from '../log/tail-cache.ts'
import { nextBootEpoch } from './boot-epoch.ts'
import { clusterIdOf } from './cluster-id.ts'
import { EmbeddedMetadata } from './embedded-metadata.ts'

export interface CatalogGround {
  readonly io: Io
  readonly logger: Logger
  /** Of the data directory. */
  readonly path: string
  readonly wasClosedCleanly: boolean
  /** There is no disk at all. */
  readonly isInMemory: boolean
}

export interface OpenedCatalog {
  readonly metadata: EmbeddedMetadata
  /** Of this start. */
  readonly bootEpoch: number
  /** Of all starts. */
  readonly clusterId: string
}

export async function openCatalog({ path, isInMemory, ...rest }: CatalogGround): Promise<OpenedCatalog> {
  const durability = isInMemory ? 'os' : 'fsync'
  const place = { directory: `${path}/catalog`, tail: new TailCache(0), durability } as const
  const metadata = await EmbeddedMetadata.open({ ...rest, ...place })
  try {
    const bootEpoch = await nextBootEpoch(metadata)
    return { metadata, bootEpoch, clusterId: await clusterIdOf(metadata, rest.io.random) }
  } catch (error) {
    await metadata.close().catch(() => undefined)
    throw error
  }
}
