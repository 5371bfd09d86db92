// Topic ids: how newer versions of Kafka's requests name topics. A topic is a stream; its id is the cluster's
// and the stream's, so that it is the same on every node, and another one when a topic is made again.
//
//   0           8          16
//   | cluster id | stream id | as 32 hexadecimal digits

import type { Stream } from '../../services/streams/stream.ts'
import type { Streams } from '../../services/streams/streams.ts'

export class TopicIndex {
  readonly #streams: Streams
  readonly #clusterId: string
  readonly #nameById = new Map<string, string>()

  /** `clusterId` is 16 hexadecimal digits, not all zero. Follows the streams as long as they are open. */
  constructor(streams: Streams, clusterId: string) {
    this.#streams = streams
    this.#clusterId = clusterId
    for (const { name } of streams.list()) this.#add(streams.require(name))
    streams.onCreate((stream) => this.#add(stream))
    streams.onDelete(async (stream) => {
      this.#nameById.delete(this.idOf(stream))
    })
  }

  idOf({ id }: { readonly id: number }): string {
    return this.#clusterId + id.toString(16).padStart(16, '0')
  }

  /** Also of one that is gone; undefined: it cannot be one of this cluster. */
  streamIdOf(topicId: string): number | undefined {
    if (!topicId.startsWith(this.#clusterId)) return undefined
    const id = Number.parseInt(topicId.slice(this.#clusterId.length), 16)
    return Number.isSafeInteger(id) ? id : undefined
  }

  find(topicId: string): Stream | undefined {
    const name = this.#nameById.get(topicId)
    return name === undefined ? undefined : this.#streams.find(name)
  }

  #add(stream: Stream): void {
    this.#nameById.set(this.idOf(stream), stream.name)
  }
}
