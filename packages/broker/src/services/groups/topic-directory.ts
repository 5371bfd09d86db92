// The topics that groups may read, as small facts that a group's state may look at: by name, by id, and those
// that have come since it last looked. Must never tell of a topic that is gone.

import type { Streams } from '../streams/streams.ts'
import type { Stream } from '../streams/stream.ts'

export interface Topic {
  readonly id: number
  readonly name: string
  readonly partitionCount: number
}

/** What a group's state sees of it. */
export interface TopicView {
  /** Another one after each change. */
  readonly version: number
  find(name: string): Topic | undefined
  byId(id: number): Topic | undefined
  /** Those that have come after this many had, in their order; a topic that is made again comes again. */
  since(comeCount: number): Iterable<ListedTopic>
  readonly comeCount: number
}

export interface ListedTopic {
  /** It was the so many-th to come. */
  readonly place: number
  readonly topic: Topic
}

interface Listed extends ListedTopic {
  topic: Topic
}

export class TopicDirectory implements TopicView {
  version = 1
  comeCount = 0
  readonly #byName = new Map<string, Listed>()
  readonly #byId = new Map<number, Listed>()
  /** In the order in which they came. */
  #listed: Listed[] = []

  /** Follows the streams until it is stopped; returns it, and how to stop. */
  static follow(
    streams: Pick<Streams, 'find' | 'list' | 'onCreate' | 'onDelete'>,
  ): [TopicDirectory, () => void] {
    const directory = new TopicDirectory()
    const add = (stream: Stream): void => {
      directory.put(topicOf(stream))
      stream.onChanged(() => directory.put(topicOf(stream)))
    }
    for (const { name } of streams.list()) add(streams.find(name)!)
    const stops = [streams.onCreate(add), streams.onDelete(async ({ id }) => directory.remove(id))]
    return [directory, () => stops.forEach((stop) => stop())]
  }

  find(name: string): Topic | undefined {
    return this.#byName.get(name)?.topic
  }

  byId(id: number): Topic | undefined {
    return this.#byId.get(id)?.topic
  }

  *since(comeCount: number): Generator<ListedTopic> {
    let at = this.#listed.length
    while (at > 0 && this.#listed[at - 1]!.place > comeCount) at--
    for (; at < this.#listed.length; at++) yield this.#listed[at]!
  }

  /** Comes, or has changed. */
  put(topic: Topic): void {
    const known = this.#byId.get(topic.id)
    if (known?.topic.partitionCount === topic.partitionCount) return
    this.version++
    if (known !== undefined) {
      known.topic = topic
      return
    }
    const listed = { place: ++this.comeCount, topic }
    this.#byName.set(topic.name, listed)
    this.#byId.set(topic.id, listed)
    this.#listed.push(listed)
  }

  remove(id: number): void {
    const known = this.#byId.get(id)
    if (known === undefined) return
    this.version++
    this.#byId.delete(id)
    if (this.#byName.get(known.topic.name) === known) this.#byName.delete(known.topic.name)
    this.#listed = this.#listed.filter((listed) => listed !== known)
  }
}

function topicOf({ id, name, partitions }: Stream): Topic {
  return { id, name, partitionCount: partitions.length }
}
