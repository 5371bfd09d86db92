// Flow consumers, their counts and their subjects as tables.

import type {
  ConsumerInfo,
  ConsumerStats,
  DeliverFrom,
  Explanation,
  Pause,
  PoolRow,
  SharedPool,
} from '@sluice/protocol/model/consumer'
import type { Output } from './output.ts'
import { ruleText, rulesText } from './rule-text.ts'
import type { TableColumn } from './table.ts'
import { countText, durationText } from './values.ts'

export interface ConsumerView extends ConsumerInfo {
  readonly stats: ConsumerStats
  readonly pools: readonly PoolRow[]
}

const consumerColumns: readonly TableColumn<ConsumerInfo>[] = [
  { head: 'CONSUMER', cell: ({ name }) => name },
  { head: 'MAX INFLIGHT', cell: ({ config }) => config.maxInflight },
  { head: 'ACK WAIT', cell: ({ config }) => waitText(config.ackWaitMs) },
  { head: 'MAX DELIVER', cell: ({ config }) => attemptsText(config.maxDeliver) },
  { head: 'FILTER', cell: ({ config }) => config.filter.join(', ') },
  { head: 'RULES', cell: ({ config }) => rulesText(config.rules) },
]

const poolColumns: readonly TableColumn<PoolRow>[] = [
  { head: 'SUBJECT', cell: ({ subject }) => subject },
  { head: 'PARTITION', cell: ({ partition }) => partition },
  { head: 'IN FLIGHT', cell: ({ inFlight }) => inFlight },
  { head: 'PARKED', cell: ({ parked }) => parked },
  { head: 'DELAYED', cell: ({ delayed }) => delayed },
  { head: 'BLOCKED', cell: ({ blocked }) => blocked },
  { head: 'NEXT OFFSET', cell: ({ nextOffset }) => nextOffset ?? 'none' },
  { head: 'PAUSED', cell: ({ isPaused }) => (isPaused ? 'paused' : 'no') },
  { head: 'RULE', cell: ({ rule }) => (rule === undefined ? 'none' : ruleText(rule)) },
]

const progressColumns: readonly TableColumn<ConsumerStats['partitions'][number]>[] = [
  { head: 'PARTITION', cell: ({ partition }) => partition },
  { head: 'FLOOR', cell: ({ floor }) => floor },
  { head: 'READ POSITION', cell: ({ readPosition }) => readPosition },
  { head: 'SETTLED RANGES', cell: ({ settledRanges }) => settledRanges },
  { head: 'UNREAD', cell: ({ unread }) => unread },
]

const inFlightColumns: readonly TableColumn<Explanation['inFlight'][number]>[] = [
  { head: 'OFFSET', cell: ({ offset }) => offset },
  { head: 'ATTEMPT', cell: ({ attempt }) => attempt },
  { head: 'MEMBER', cell: ({ member }) => member },
  { head: 'SINCE', cell: ({ sinceMs }) => durationText(Math.round(sinceMs)) },
  {
    head: 'DEADLINE IN',
    cell: ({ deadlineInMs: ms }) => (ms === undefined ? 'never' : durationText(Math.round(ms))),
  },
]

const sharedColumns: readonly TableColumn<SharedPool>[] = [
  { head: 'SHARED', cell: ({ kind }) => kind },
  { head: 'CAPTURED', cell: ({ captured }) => capturedText(captured) },
  { head: 'IN FLIGHT', cell: ({ inFlight }) => inFlight ?? '' },
  { head: 'LIMIT', cell: ({ limit }) => limit ?? '' },
  { head: 'WAITING', cell: ({ waiting }) => waiting },
  { head: 'NEXT IN', cell: ({ nextDueInMs: ms }) => (ms === undefined ? '' : durationText(Math.ceil(ms))) },
  { head: 'RULE', cell: ({ rule }) => ruleText(rule) },
]

const pauseColumns: readonly TableColumn<Pause>[] = [
  { head: 'PAUSED', cell: ({ match }) => match },
  { head: 'SINCE', cell: ({ since }) => since },
  { head: 'UNTIL', cell: ({ until }) => until ?? 'resumed' },
]

export async function showConsumer(output: Output, consumer: ConsumerInfo): Promise<void> {
  if (output.isJson) return output.document(consumer)
  const { stream, name, config, createdAt, pauses } = consumer
  await output.pairs([
    ['stream', stream],
    ['consumer', name],
    ['filter', config.filter.join(', ')],
    ['rules', rulesText(config.rules)],
    ['max inflight', config.maxInflight],
    ['ack wait', waitText(config.ackWaitMs)],
    ['max deliver', attemptsText(config.maxDeliver)],
    ['back-off', config.backoffMs.map(durationText).join(', ') || 'none'],
    ['exhausted', config.onExhausted],
    ['dead letters', config.deadLetterStream],
    ['began with', beginningText(config.deliverFrom)],
    ['ack policy', config.ackPolicy],
    ['created', createdAt],
  ])
  if (pauses.length > 0) await showTable(output, pauseColumns, pauses)
}

export async function showConsumers(output: Output, consumers: readonly ConsumerInfo[]): Promise<void> {
  if (output.isJson) return output.document(consumers)
  await output.table(consumerColumns, consumers)
}

/** The consumer, what it does now, and the subjects that do most. */
export async function showConsumerView(output: Output, view: ConsumerView): Promise<void> {
  if (output.isJson) return output.document(view)
  const { stats, pools } = view
  await showConsumer(output, view)
  await output.write('\n')
  await output.pairs([
    ['members', stats.members],
    ['in flight', stats.inFlight],
    ['ready', stats.ready],
    ['parked', stats.parked],
    ['delayed', stats.delayed],
    ['subjects', `${stats.activeSubjects} active, ${stats.saturatedSubjects} saturated`],
    ['blocked', stats.blocked],
    ['held back', heldText(stats.heldBy)],
    ['delivered', `${stats.delivered}, of these again ${stats.redelivered}`],
    ['settled', `${stats.acked} acked, ${stats.rejected} rejected, ${stats.deadLettered} dead-lettered`],
    ['given back', `${stats.nacked} nacked, ${stats.released} released, ${stats.timedOut} timed out`],
    ['left', `${stats.dropped} dropped, ${stats.drained} drained, ${stats.expired} expired`],
    ['refused', countText(stats.staleSettles, 'stale settle')],
    ['quarantined', countText(stats.quarantined, 'record')],
  ])
  await showTable(output, progressColumns, stats.partitions)
  if (pools.length > 0) await showPools(output, pools, '\n')
}

export async function showPools(output: Output, pools: readonly PoolRow[], before = ''): Promise<void> {
  if (output.isJson) return output.document(pools)
  await output.write(before)
  await output.table(poolColumns, pools)
}

/** The sentence first. */
export async function showExplanation(output: Output, explanation: Explanation): Promise<void> {
  if (output.isJson) return output.document(explanation)
  const {
    text,
    subject,
    partition,
    reason,
    rule,
    limit,
    parked,
    delayed,
    nextOffset,
    inFlight,
    nextDueInMs,
    shared,
  } = explanation
  await output.write(`${text}\n\n`)
  await output.pairs([
    ['subject', subject],
    ['partition', partition],
    ['reason', reason],
    ['rule', rule === undefined ? 'none' : ruleText(rule)],
    ['limit', limit ?? 'none'],
    ['in flight', inFlight.length],
    ['parked', parked],
    [
      'delayed',
      nextDueInMs === undefined ? delayed : `${delayed}, next in ${durationText(Math.round(nextDueInMs))}`,
    ],
    ['next offset', nextOffset ?? 'none'],
  ])
  if (shared.length > 0) await showTable(output, sharedColumns, shared)
  if (inFlight.length > 0) await showTable(output, inFlightColumns, inFlight)
}

/** Below something else. */
async function showTable<Row>(
  output: Output,
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
): Promise<void> {
  await output.write('\n')
  await output.table(columns, rows)
}

const holders: readonly (readonly [reason: keyof ConsumerStats['heldBy'], text: string])[] = [
  ['pool', "by their pool's limit"],
  ['total', "by a rule's total"],
  ['rate', 'by a rate'],
  ['consumer', 'by max inflight'],
  ['paused', 'by a pause'],
  ['blocked', 'by a blocked record'],
]

function heldText(heldBy: ConsumerStats['heldBy']): string {
  const said = holders.filter(([reason]) => heldBy[reason] > 0)
  return said.map(([reason, text]) => `${heldBy[reason]} ${text}`).join(', ') || 'none'
}

function beginningText(from: DeliverFrom): string {
  if (typeof from === 'string') return from
  return 'fromOffset' in from ? `offset ${from.fromOffset}` : from.fromTime
}

function capturedText(captured: SharedPool['captured']): string {
  return Object.entries(captured ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function waitText(ms: number): string {
  return ms === 0 ? 'for ever' : durationText(ms)
}

function attemptsText(count: number): string {
  return count === 0 ? 'no limit' : String(count)
}
