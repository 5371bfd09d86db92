// The program of a loader process: does what it is told, one task after the other, and ends when whoever
// started it lets go of it.

import process from 'node:process'
import { echo, echoServer, embeddedStart, sync } from './baseline-tasks.ts'
import { consume, hold, read, untilParked } from './consume-tasks.ts'
import { latency } from './latency-task.ts'
import { GroupLoad } from './group-load.ts'
import { doorPublish, doorRead } from './door-tasks.ts'
import { compactTopic } from './kafka-tasks.ts'
import { LoadSession } from './load-session.ts'
import { profiled } from '../profile/own-profile.ts'
import { preload, publish } from './publish-tasks.ts'
import type { LoaderAnswer, LoaderCall, LoaderPlace, TaskName, TaskParams, TaskResult } from './task-types.ts'

type TaskTable = { [T in TaskName]: (params: TaskParams<T>) => Promise<TaskResult<T>> }

const place = JSON.parse(process.argv[2]!) as LoaderPlace
const session = new LoadSession(place)
/** What is done before a measurement is not what a profile is asked for. */
const measured = new Set<TaskName>([
  'publish',
  'read',
  'doorPublish',
  'doorRead',
  'consume',
  'latency',
  'groupStay',
])

const tasks: TaskTable = {
  createStream: async (plan) => (await session.client()).createStream(plan),
  deleteStream: async () => (await session.client()).deleteStream(),
  createConsumer: async (plan) => (await session.client()).createConsumer(plan),
  publish: (params) => publish(session, params),
  preload: (params) => preload(session, params),
  read: (params) => read(session, params),
  doorPublish: (params) => doorPublish(session, params),
  doorRead: (params) => doorRead(session, params),
  groupJoin: (params) => {
    session.group = new GroupLoad(params)
    return session.group.join()
  },
  groupRead: () => session.group.read(),
  groupStay: ({ durationMs }) => session.group.stay(durationMs),
  holdLinks: (params) => session.links.open(params),
  openLinks: async () => ({ count: session.links.openCount }),
  compactTopic,
  consume: (params) => consume(session, params),
  hold: (params) => hold(session, params),
  untilParked: (params) => untilParked(session, params),
  join: ({ consumer, window }) => session.join(consumer, window),
  latency: (params) => latency(session, params),
  echo,
  echoServer,
  sync,
  embeddedStart,
}

process.on('message', (call: LoaderCall) => void answer(call))
process.once('disconnect', () => void session.close().finally(() => process.exit()))

async function answer({ id, task, params }: LoaderCall): Promise<void> {
  try {
    const run = tasks[task] as (params: unknown) => Promise<unknown>
    const { profileFolder } = place
    const isProfiled = profileFolder !== undefined && measured.has(task)
    const result = isProfiled ? await profiled(profileFolder, () => run(params)) : await run(params)
    say({ id, result })
  } catch (error) {
    say({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

/** An answer that nobody waits for any longer is dropped. */
function say(message: LoaderAnswer): void {
  if (process.connected) process.send!(message, () => {})
}
