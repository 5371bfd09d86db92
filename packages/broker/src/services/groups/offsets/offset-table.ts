// How far one group has come in each partition. Its owner records every change in the journal.

export interface CommittedOffset {
  readonly offset: number
  /** -1: not told. */
  readonly leaderEpoch: number
  readonly metadata: string
  /** Wall clock. */
  readonly committedAtMs: number
  /** What an old client has asked for; undefined: as the broker is configured. */
  readonly expiresAtMs: number | undefined
}

interface TopicOffsets {
  /** A topic that is made anew under the same name has another. */
  readonly streamId: number
  readonly partitions: Map<number, CommittedOffset>
}

export interface OffsetRow {
  readonly topic: string
  readonly streamId: number
  readonly partition: number
  readonly committed: CommittedOffset
}

/** Of one offset beside its metadata. */
const rowBytes = 200

/** About what it costs to keep an offset. */
export function bytesOf({ metadata }: Pick<CommittedOffset, 'metadata'>): number {
  return rowBytes + metadata.length
}

export class OffsetTable {
  readonly #topics = new Map<string, TopicOffsets>()
  /** About what they cost. */
  bytes = 0

  get isEmpty(): boolean {
    return this.#topics.size === 0
  }

  get topics(): string[] {
    return [...this.#topics.keys()]
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#topics.get(topic)?.partitions.get(partition)
  }

  streamIdOf(topic: string): number | undefined {
    return this.#topics.get(topic)?.streamId
  }

  partitionsOf(topic: string): number[] {
    return [...(this.#topics.get(topic)?.partitions.keys() ?? [])].toSorted((one, other) => one - other)
  }

  /** What a topic of that name had that is no more must have been removed. */
  set({ topic, streamId, partition, committed }: OffsetRow): void {
    let known = this.#topics.get(topic)
    if (known === undefined) {
      known = { streamId, partitions: new Map() }
      this.#topics.set(topic, known)
    }
    const before = known.partitions.get(partition)
    this.bytes += bytesOf(committed) - (before === undefined ? 0 : bytesOf(before))
    known.partitions.set(partition, committed)
  }

  remove(topic: string, partition: number): void {
    const known = this.#topics.get(topic)
    const before = known?.partitions.get(partition)
    if (known === undefined || before === undefined) return
    this.bytes -= bytesOf(before)
    known.partitions.delete(partition)
    if (known.partitions.size === 0) this.#topics.delete(topic)
  }

  /** May be changed meanwhile: what is removed does not come any more. */
  *rows(): Generator<OffsetRow> {
    for (const [topic, { streamId, partitions }] of this.#topics) {
      for (const [partition, committed] of partitions) yield { topic, streamId, partition, committed }
    }
  }
}
