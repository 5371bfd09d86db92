// Records of the journal of groups.
//
//   key    1 · group string16                                          a group, value as below
//          2 · group string16 · topic string16 · partition u32         a committed offset, value as below
//
//   group  of the consumer protocol: version u8 (2), and as consumer/consumer-group-codec.ts draws it
//          of the classic one: version u8 (1) · generation u32 · emptySinceMs i64 (-1: it has members)
//          protocolType, protocolName, leaderId: each u8 (0 none) · string32
//          count u32 · { memberId string32 · instanceId u8 (0 none) string32 · clientId string32 ·
//          clientHost string32 · sessionTimeoutMs u32 · rebalanceTimeoutMs u32 ·
//          count u32 · { name string32 · metadata bytes32 }* · assignment bytes32 }*
//   offset version u8 (1) · streamId i64 · offset i64 · leaderEpoch u32 · committedAtMs i64 ·
//          expiresAtMs i64 (-1 none) · metadata string32
//
// A null value forgets what the key names.

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { KnownMember } from './classic/group-member.ts'
import type { KnownGroup } from './classic/group-state.ts'
import { readConsumerGroup, writeConsumerGroup } from './consumer/consumer-group-codec.ts'
import type { KnownConsumerGroup } from './consumer/consumer-group-state.ts'
import {
  readBytes,
  readOptional,
  readProtocols,
  writeBytes,
  writeOptional,
  writeProtocols,
} from './group-fields.ts'
import type { OffsetRow } from './offsets/offset-table.ts'

const kinds = { group: 1, offset: 2 } as const
const versions = { classic: 1, consumer: 2, offset: 1 } as const

export type StoredGroup = (KnownGroup | KnownConsumerGroup) & {
  /** Wall clock; undefined: it has members. */
  readonly emptySinceMs: number | undefined
}

export type GroupKey =
  | { readonly kind: 'group'; readonly groupId: string }
  | { readonly kind: 'offset'; readonly groupId: string; readonly topic: string; readonly partition: number }

export type OffsetValue = Pick<OffsetRow, 'streamId' | 'committed'>

export function encodeGroupKey(groupId: string): Uint8Array {
  const writer = new ByteWriter(64)
  writer.u8(kinds.group)
  writer.string16(groupId)
  return writer.take()
}

export function encodeOffsetKey(groupId: string, topic: string, partition: number): Uint8Array {
  const writer = new ByteWriter(128)
  writer.u8(kinds.offset)
  writer.string16(groupId)
  writer.string16(topic)
  writer.u32(partition)
  return writer.take()
}

export function decodeGroupKey(bytes: Uint8Array): GroupKey {
  const reader = new ByteReader(bytes)
  const kind = reader.u8()
  const groupId = reader.string16()
  if (kind === kinds.group) return { kind: 'group', groupId }
  if (kind !== kinds.offset) throw newer(`a record of kind ${kind}`)
  return { kind: 'offset', groupId, topic: reader.string16(), partition: reader.u32() }
}

export function encodeOffset({ streamId, committed }: OffsetValue): Uint8Array {
  const writer = new ByteWriter(64)
  writer.u8(versions.offset)
  writer.i64(streamId)
  writer.i64(committed.offset)
  writer.u32(committed.leaderEpoch)
  writer.i64(Math.floor(committed.committedAtMs))
  writer.i64(Math.floor(committed.expiresAtMs ?? -1))
  writer.string32(committed.metadata)
  return writer.take()
}

export function decodeOffset(bytes: Uint8Array): OffsetValue {
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version > versions.offset) throw newer(`a record of version ${version}`)
  const streamId = reader.i64()
  const offset = reader.i64()
  const leaderEpoch = reader.u32() | 0
  const committedAtMs = reader.i64()
  const expiresAtMs = reader.i64()
  const metadata = reader.string32()
  return {
    streamId,
    committed: {
      offset,
      leaderEpoch,
      metadata,
      committedAtMs,
      expiresAtMs: expiresAtMs < 0 ? undefined : expiresAtMs,
    },
  }
}

export function encodeGroup(group: StoredGroup): Uint8Array {
  const writer = new ByteWriter(1024)
  writer.u8(versions[group.kind])
  if (group.kind === 'classic') writeGroup(writer, group, group.emptySinceMs)
  else writeConsumerGroup(writer, group, group.emptySinceMs)
  return writer.take()
}

export function decodeGroup(bytes: Uint8Array): StoredGroup {
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version > versions.consumer) throw newer(`a record of version ${version}`)
  return version === versions.consumer ? readConsumerGroup(reader) : readGroup(reader)
}

function writeGroup(writer: ByteWriter, group: KnownGroup, emptySinceMs: number | undefined): void {
  writer.u32(group.generation)
  writer.i64(Math.floor(emptySinceMs ?? -1))
  writeOptional(writer, group.protocolType)
  writeOptional(writer, group.protocolName)
  writeOptional(writer, group.leaderId)
  writer.u32(group.members.length)
  for (const member of group.members) writeMember(writer, member)
}

function readGroup(reader: ByteReader): StoredGroup {
  const generation = reader.u32()
  const emptySinceMs = reader.i64()
  return {
    kind: 'classic',
    generation,
    emptySinceMs: emptySinceMs < 0 ? undefined : emptySinceMs,
    protocolType: readOptional(reader),
    protocolName: readOptional(reader),
    leaderId: readOptional(reader),
    members: Array.from({ length: reader.u32() }, () => readMember(reader)),
  }
}

function writeMember(writer: ByteWriter, member: KnownMember): void {
  writer.string32(member.memberId)
  writeOptional(writer, member.instanceId)
  writer.string32(member.clientId)
  writer.string32(member.clientHost)
  writer.u32(member.sessionTimeoutMs)
  writer.u32(member.rebalanceTimeoutMs)
  writeProtocols(writer, member.protocols)
  writeBytes(writer, member.assignment)
}

function readMember(reader: ByteReader): KnownMember {
  return {
    memberId: reader.string32(),
    instanceId: readOptional(reader),
    clientId: reader.string32(),
    clientHost: reader.string32(),
    sessionTimeoutMs: reader.u32(),
    rebalanceTimeoutMs: reader.u32(),
    protocols: readProtocols(reader),
    assignment: readBytes(reader),
  }
}

function newer(what: string): BrokerError {
  return new BrokerError('data-directory-newer', `The journal of groups has ${what}`)
}
