// What the node that decides on streams tells those that have their logs.

import type { StreamConfig } from '@sluice/protocol/model/stream'
import type { StreamIdentity } from './stream.ts'

export interface NamedStream {
  readonly identity: StreamIdentity
  readonly config: StreamConfig
}

/** Of partitions from this one on. */
type FromPartition = NamedStream & { readonly from: number }

/** Each answers when it is done. A node carries out only its own part. */
export interface StreamMessages {
  readonly requests: {
    /** Make the logs that you lead. */
    readonly 'stream.make': { body: FromPartition; answer: null }
    /** Close them; those in memory are gone then. Harmless where there are none. */
    readonly 'stream.drop': { body: FromPartition; answer: null }
    readonly 'stream.admit': { body: NamedStream; answer: null }
    readonly 'stream.change': { body: NamedStream; answer: null }
    /** May it get more partitions? Refuses with the reason why not. */
    readonly 'stream.checkGrowth': { body: NamedStream; answer: null }
    /** End all that uses it. */
    readonly 'stream.forget': { body: NamedStream; answer: null }
  }
  readonly notices: object
}
