// Runs one method of the control plane on the service that owns it. Parameters have been checked.

import type {
  BrokerInfo,
  CallMethod,
  CallParams,
  CallResult,
  NodeAddress,
} from '@sluice/protocol/native/calls'
import { version } from '../../base/version.ts'
import type { Io } from '../../io/io.ts'
import type { FlowConsumers } from '../../services/flow/flow-consumers.ts'
import type { Groups } from '../../services/groups/groups.ts'
import { deleteMessages, purge } from '../../services/streams/removal.ts'
import type { Streams } from '../../services/streams/streams.ts'

/** What calls are carried out with. */
export interface CallServices {
  readonly io: Io
  readonly streams: Streams
  readonly flow: FlowConsumers
  readonly groups: Groups
  readonly identity: BrokerIdentity
  /** Where all nodes of the broker listen. */
  readonly nodes: () => NodeAddress[]
}

export interface BrokerIdentity {
  readonly name: string
  /** Its number; 0 where there is only one. */
  readonly node: number
  readonly bootEpoch: number
  /** On the monotonic clock. */
  readonly startedMs: number
}

type Runner<M extends CallMethod> = (
  services: CallServices,
  params: CallParams<M>,
) => Promise<CallResult<M>> | CallResult<M>

const runners: { readonly [M in CallMethod]: Runner<M> } = {
  'broker.info': brokerInfo,
  'streams.create': ({ streams }, { name, config, mustBeNew }) => streams.create(name, config, mustBeNew),
  'streams.get': ({ streams }, { name }) => streams.require(name).info(),
  'streams.list': ({ streams }) => streams.list(),
  'streams.alter': ({ streams }, { name, config }) => streams.alter(name, config),
  'streams.delete': async ({ streams }, { name }) => {
    await streams.delete(name)
    return null
  },
  'streams.purge': ({ streams, io }, { name, ...choice }) => purge(streams.require(name), choice, io.timers),
  'streams.deleteMessages': ({ streams }, { name, messages }) =>
    deleteMessages(streams.require(name), messages),
  'consumers.create': ({ flow }, { stream, name, config }) => flow.create(stream, name, config),
  'consumers.get': ({ flow }, { stream, name }) => flow.get(stream, name),
  'consumers.list': ({ flow }, { stream }) => flow.list(stream),
  'consumers.alter': ({ flow }, { stream, name, config }) => flow.alter(stream, name, config),
  'consumers.delete': async ({ flow }, { stream, name }) => {
    await flow.delete(stream, name)
    return null
  },
  'consumers.stats': ({ flow }, { stream, name }) => flow.stats(stream, name),
  'consumers.explain': ({ flow }, { stream, name, subject }) => flow.explain(stream, name, subject),
  'consumers.pools': ({ flow }, { stream, name, top, count }) => flow.pools(stream, name, { top, count }),
  'consumers.pause': ({ flow }, { stream, name, match = '>', until }) =>
    flow.operations.pause(stream, name, { match, until }),
  'consumers.resume': ({ flow }, { stream, name, match = '>' }) =>
    flow.operations.resume(stream, name, match),
  'consumers.drain': async ({ flow }, { stream, name, match }) => ({
    drained: await flow.operations.drain(stream, name, match),
  }),
  'consumers.blocked': ({ flow }, { stream, name, count }) => flow.operations.blocked(stream, name, count),
  'consumers.unblock': async ({ flow }, { stream, name, subject, decision }) => ({
    records: await flow.operations.unblock(stream, name, { subject, decision }),
  }),
  'deadLetters.list': ({ flow }, { stream, name, ...query }) =>
    flow.operations.listLetters(stream, name, query),
  'deadLetters.replay': async ({ flow }, { stream, name, ...choice }) => ({
    replayed: await flow.operations.replayLetters(stream, name, choice),
  }),
  'deadLetters.drop': async ({ flow }, { stream, name, ...choice }) => ({
    dropped: await flow.operations.dropLetters(stream, name, choice),
  }),
  'groups.list': ({ groups }) => groups.operations.list(),
  'groups.get': ({ groups }, { name }) => groups.operations.info(name),
  'groups.resetOffsets': ({ groups }, { name, ...choice }) => groups.operations.reset(name, choice),
  'groups.delete': async ({ groups }, { name }) => {
    await groups.operations.delete(name)
    return null
  },
  'cluster.nodes': ({ nodes }) => nodes(),
}

export async function runCall(services: CallServices, method: CallMethod, params: unknown): Promise<unknown> {
  const runner = runners[method] as Runner<CallMethod>
  return runner(services, params as CallParams<CallMethod>)
}

function brokerInfo({ identity, io }: CallServices): BrokerInfo {
  const { name, node, bootEpoch, startedMs } = identity
  return { name, version, bootEpoch, uptimeMs: Math.round(io.clock.monotonicMs() - startedMs), node }
}
