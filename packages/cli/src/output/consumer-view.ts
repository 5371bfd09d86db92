// Flow consumers, their counts and their subjects as tables.

import type { ConsumerInfo, ConsumerStats, Explanation, PoolRow } from '@sluice/client'
import type { Output } from './output.ts'
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
  { head: 'RULES', cell: ({ config }) => config.rules.map(ruleText).join(', ') || 'none' },
]

const poolColumns: readonly TableColumn<PoolRow>[] = [
  { head: 'SUBJECT', cell: ({ subject }) => subject },
  { head: 'PARTITION', cell: ({ partition }) => partition },
  { head: 'IN FLIGHT', cell: ({ inFlight }) => inFlight },
  { head: 'PARKED', cell: ({ parked }) => parked },
  { head: 'DELAYED', cell: ({ delayed }) => delayed },
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

export async function showConsumer(output: Output, consumer: ConsumerInfo): Promise<void> {
  if (output.isJson) return output.document(consumer)
  const { stream, name, config, createdAt } = consumer
  await output.pairs([
    ['stream', stream],
    ['consumer', name],
    ['filter', config.filter.join(', ')],
    ['rules', config.rules.map(ruleText).join(', ') || 'none'],
    ['max inflight', config.maxInflight],
    ['ack wait', waitText(config.ackWaitMs)],
    ['max deliver', attemptsText(config.maxDeliver)],
    ['back-off', config.backoffMs.map(durationText).join(', ') || 'none'],
    ['dead letters', config.deadLetterStream],
    ['created', createdAt],
  ])
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
    ['held back', `${stats.heldBy.pool} by their subject's limit, ${stats.heldBy.consumer} by max inflight`],
    ['delivered', `${stats.delivered}, of these again ${stats.redelivered}`],
    ['settled', `${stats.acked} acked, ${stats.rejected} rejected, ${stats.deadLettered} dead-lettered`],
    ['given back', `${stats.nacked} nacked, ${stats.released} released, ${stats.timedOut} timed out`],
    ['refused', countText(stats.staleSettles, 'stale settle')],
    ['quarantined', countText(stats.quarantined, 'record')],
  ])
  await output.write('\n')
  await output.table(progressColumns, stats.partitions)
  if (pools.length === 0) return
  await output.write('\n')
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
  if (inFlight.length === 0) return
  await output.write('\n')
  await output.table(inFlightColumns, inFlight)
}

function ruleText({ match, limit }: { match: string; limit: number }): string {
  return `${match}=${limit}`
}

function waitText(ms: number): string {
  return ms === 0 ? 'for ever' : durationText(ms)
}

function attemptsText(count: number): string {
  return count === 0 ? 'no limit' : String(count)
}
