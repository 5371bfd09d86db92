// Runs one method of the control plane on the service that owns it. Parameters have been checked.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { BrokerInfo, CallMethod, CallParams, CallResult } from '@sluice/protocol/native/calls'
import { version } from '../../../base/version.ts'
import { deleteMessages, purge } from '../../../services/streams/removal.ts'
import type { NativeServices } from '../native-session.ts'

type Runner<M extends CallMethod> = (
  services: NativeServices,
  params: CallParams<M>,
) => Promise<CallResult<M>> | CallResult<M>

const runners: { readonly [M in CallMethod]: Runner<M> } = {
  'broker.info': brokerInfo,
  'streams.create': ({ streams }, { name, config }) => streams.create(name, config),
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
  'consumers.pause': notYet,
  'consumers.resume': notYet,
  'consumers.drain': notYet,
  'consumers.blocked': notYet,
  'consumers.unblock': notYet,
  'deadLetters.list': notYet,
  'deadLetters.replay': notYet,
  'deadLetters.drop': notYet,
  'cluster.nodes': ({ nodes }) => nodes(),
}

function notYet(): never {
  throw new BrokerError('unknown-method', 'This broker does not know the method yet')
}

export async function runCall(
  services: NativeServices,
  method: CallMethod,
  params: unknown,
): Promise<unknown> {
  const runner = runners[method] as Runner<CallMethod>
  return runner(services, params as CallParams<CallMethod>)
}

function brokerInfo({ identity, io }: NativeServices): BrokerInfo {
  const { name, node, bootEpoch, startedMs } = identity
  return { name, version, bootEpoch, uptimeMs: Math.round(io.clock.monotonicMs() - startedMs), node }
}
