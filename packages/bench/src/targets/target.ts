// What a system under measurement is to the bench: a server that can be started, and a client that the
// loader drives. Each system says what it cannot do; nothing here makes one look like another.

export const TARGET_NAMES = ['sluice', 'nats', 'redis'] as const
export type TargetName = (typeof TARGET_NAMES)[number]

/** The fault that a confirmed message survives, in the words of Sluice. */
export type Durability = 'fsync' | 'os' | 'memory'

export interface ServerPlace {
  readonly folder: string
  readonly port: number
  readonly durability: Durability
}

/** How to run a server: the difference between systems, without a process. */
export interface ServerSpec {
  readonly name: TargetName
  readonly program: string
  readonly args: (place: ServerPlace) => readonly string[]
  /** Occurs in what it prints when it serves. */
  readonly readyText: RegExp
  /** How durable a confirmed message is, as this system is configured for the durability that is asked. */
  readonly setting: (durability: Durability) => string
}

export interface OutgoingMessage {
  readonly subject: string
  readonly data: Uint8Array
}

/** What the bench uses of a rule. */
export interface FlowRule {
  readonly match: string
  readonly limit: number
}

export interface ConsumerPlan {
  readonly name: string
  readonly rules: readonly FlowRule[]
  /** Unsettled messages at a time, over all members. */
  readonly inFlightMax: number
  /** What was there before it is not its own. Only where a system has such a thing. */
  readonly isFromEnd?: boolean
}

export interface Consumption {
  /** Ends it; resolves when every settle that was said has reached the server. */
  stop(): Promise<void>
}

export interface ConsumeOptions {
  readonly consumer: string
  readonly window: number
  /** Each message is settled after this returns; false leaves it unsettled. */
  readonly onMessage: (data: Uint8Array) => boolean
  /** How many settles of messages were confirmed, or at least written where the system confirms none. */
  readonly onSettled: (count: number) => void
  readonly onError: (error: Error) => void
}

export interface StreamPlan {
  readonly durability: Durability
  /** Only where a system has such a thing. */
  readonly partitions?: number
}

/** One connection. All subjects are below `orders.`. */
export interface TargetClient {
  createStream(plan: StreamPlan): Promise<void>
  /** With all its messages and consumers. */
  deleteStream(): Promise<void>
  /** Resolves when the server has confirmed it. */
  publish(message: OutgoingMessage): Promise<void>
  /** Resolves when the server has confirmed all of them. */
  publishBatch(messages: readonly OutgoingMessage[]): Promise<void>
  /** From the first message to the last one; false ends it early. */
  read(onMessages: (count: number, dataBytes: number) => boolean): Promise<void>
  createConsumer(plan: ConsumerPlan): Promise<void>
  consume(options: ConsumeOptions): Promise<Consumption>
  /** Messages that a limit holds back. Rejects on a system without limits. */
  parkedCount(consumer: string): Promise<number>
  close(): Promise<void>
}

/** On a server of our own. */
export const STREAM = 'BENCH'
export const SUBJECTS = 'orders.>'

export function isTargetName(name: string): name is TargetName {
  return (TARGET_NAMES as readonly string[]).includes(name)
}
