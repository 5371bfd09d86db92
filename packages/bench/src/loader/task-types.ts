// What a loader can be told to do, and what it says afterwards: plain values that travel between processes.

import type { ClosedLoopResult } from '../measure/closed-loop.ts'
import type { LatencySummary } from '../measure/latency.ts'
import type { ConsumerPlan, StreamPlan, TargetName } from '../targets/target.ts'

/** Where a loader belongs. Without a target it measures the machine, or a broker inside itself. */
export interface LoaderPlace {
  readonly target?: TargetName
  readonly address?: string
  /** On a server that others use too: a name of its own. */
  readonly stream?: string
  /** Profiles of this process during the tasks that are measured go there. */
  readonly profileFolder?: string
}

export interface PublishParams {
  readonly payloadBytes: number
  readonly subjectCount: number
  /** 1: each message is confirmed alone. */
  readonly batchCount: number
  /** Requests that are out at a time. */
  readonly lanes: number
  readonly durationMs: number
}

/** By which protocol, and with whose client. */
export type Door = 'native' | 'platformatic' | 'librdkafka'

export interface DoorReadParams {
  readonly door: Door
  readonly kafkaAddress: string
  readonly messageCount: number
}

export interface DoorPublishParams extends DoorReadParams, Omit<PublishParams, 'durationMs'> {
  /** Where a client may find a file of what it is to publish. */
  readonly folder: string
}

export interface DoorMoved {
  readonly messageCount: number
  readonly elapsedMs: number
  /** Absent where the client is a program of its own. */
  readonly cpuMs?: number
}

/** How a group finds out who has what: by its leader, or by the broker (KIP-848). */
export type GroupProtocol = 'classic' | 'consumer'

/** A group over the stream, which has a partition for each member. */
export interface GroupParams {
  readonly protocol: GroupProtocol
  readonly kafkaAddress: string
  readonly groupId: string
  readonly memberCount: number
}

export interface GroupJoined {
  /** From the first connection until all have their part of one generation. */
  readonly settledMs: number
  readonly generation: number
  /** How often a member had its part of a generation: as many as members, when all came in time for one. */
  readonly settleCount: number
}

export interface GroupStayed {
  readonly beatCount: number
  readonly fetchCount: number
  readonly cpuMs: number
}

export interface HoldLinksParams {
  readonly kafkaAddress: string
  readonly count: number
}

export interface PreloadParams {
  readonly messageCount: number
  readonly payloadBytes: number
  /** Subjects take turns; names as `subjectOf` gives them. */
  readonly subjectCount: number
  /** All of them on this one instead, and marked: who gets one in a measurement of latency holds it. */
  readonly heldSubject?: string
  /** Whether subjects belong to tenants, for rules that capture them. */
  readonly hasTenants?: boolean
}

export interface Counted {
  readonly messageCount: number
  readonly elapsedMs: number
  readonly cpuMs: number
  /** When it began and ended, in milliseconds since 1970: several loaders count as one. */
  readonly startedAt: number
  readonly endedAt: number
}

export interface ReadCounted extends Counted {
  readonly dataBytes: number
}

export interface ConsumeParams {
  readonly consumer: string
  readonly window: number
  /** It ends when so many are settled, or the time is over. */
  readonly messageCount: number
  readonly durationMs: number
}

export interface HoldParams {
  readonly consumer: string
  readonly window: number
  /** Resolves when so many are held, and goes on holding them. */
  readonly messageCount: number
}

/** Takes deliveries from now on, for the measurements of latency that follow. */
export interface JoinParams {
  readonly consumer: string
  readonly window: number
}

export interface LatencyParams {
  readonly perSecond: number
  readonly durationMs: number
  readonly payloadBytes: number
  readonly subjectCount: number
  /** What `join` has joined. */
  readonly consumer: string
  /** Results under one name add up over calls. */
  readonly series: string
}

export interface LatencyResult {
  readonly ack: LatencySummary
  readonly deliver: LatencySummary
  readonly sentCount: number
  readonly failedCount: number
  /** Published and not delivered when the time for stragglers was over. */
  readonly missingCount: number
  /** How late our own process was at worst. */
  readonly loaderLateMs: number
}

export interface Tasks {
  createStream: { params: StreamPlan; result: void }
  deleteStream: { params: object; result: void }
  createConsumer: { params: ConsumerPlan; result: void }
  publish: { params: PublishParams; result: ClosedLoopResult }
  preload: { params: PreloadParams; result: void }
  read: { params: { durationMs: number }; result: ReadCounted }
  doorPublish: { params: DoorPublishParams; result: DoorMoved }
  doorRead: { params: DoorReadParams; result: DoorMoved }
  groupJoin: { params: GroupParams; result: GroupJoined }
  groupRead: { params: object; result: void }
  groupStay: { params: { durationMs: number }; result: GroupStayed }
  holdLinks: { params: HoldLinksParams; result: { elapsedMs: number } }
  openLinks: { params: object; result: { count: number } }
  compactTopic: { params: { kafkaAddress: string }; result: void }
  consume: { params: ConsumeParams; result: Counted }
  hold: { params: HoldParams; result: void }
  untilParked: { params: { consumer: string; messageCount: number }; result: void }
  join: { params: JoinParams; result: void }
  latency: { params: LatencyParams; result: LatencyResult }
  echo: { params: { payloadBytes: number; durationMs: number; port: number }; result: LatencySummary }
  echoServer: { params: object; result: { port: number } }
  sync: { params: { folder: string; durationMs: number }; result: LatencySummary }
  embeddedStart: { params: { folder: string }; result: { importMs: number; startMs: number } }
}

export type TaskName = keyof Tasks
export type TaskParams<T extends TaskName> = Tasks[T]['params']
export type TaskResult<T extends TaskName> = Tasks[T]['result']

export interface LoaderCall {
  readonly id: number
  readonly task: TaskName
  readonly params: unknown
}

export interface LoaderAnswer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}
