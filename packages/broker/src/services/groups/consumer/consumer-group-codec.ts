// What is stored of a group of the consumer protocol: version 2 of the record of a group (group-codec.ts).
//
//   version u8 (2) · epoch u32 · assignmentEpoch u32 · emptySinceMs i64 (-1: it has members)
//   assignor string32
//   count u32 · { streamId i64 · partitions u32 }*                      what was assigned
//   count u32 · { memberId string32 · instanceId, rackId, assignor: each optional · clientId string32 ·
//   clientHost string32 · rebalanceTimeoutMs u32 · count u32 · { topic string32 }* · pattern string32 ·
//   classic u8 (0 none) { sessionTimeoutMs u32 · count u32 · { name string32 · metadata bytes32 }* }
//   epoch i32 · previousEpoch i32 · assigned, revoking, target: each sets }*
//
//   sets   count u32 · { streamId i64 · count u32 · { varint: how far from the partition before }* }*

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import type { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { readOptional, readProtocols, writeOptional, writeProtocols } from '../group-fields.ts'
import type { KnownConsumerGroup } from './consumer-group-state.ts'
import type { KnownConsumerMember } from './consumer-member.ts'
import type { PartitionSets } from '../partition-sets.ts'

export function writeConsumerGroup(
  writer: ByteWriter,
  group: KnownConsumerGroup,
  emptySinceMs: number | undefined,
): void {
  writer.u32(group.epoch)
  writer.u32(group.assignmentEpoch)
  writer.i64(Math.floor(emptySinceMs ?? -1))
  writer.string32(group.assignor)
  writer.u32(group.partitionCounts.size)
  for (const [streamId, count] of group.partitionCounts) {
    writer.i64(streamId)
    writer.u32(count)
  }
  writer.u32(group.members.length)
  for (const member of group.members) writeMember(writer, member)
}

/** The reader stands behind the version. */
export function readConsumerGroup(
  reader: ByteReader,
): KnownConsumerGroup & { readonly emptySinceMs: number | undefined } {
  const epoch = reader.u32()
  const assignmentEpoch = reader.u32()
  const emptySinceMs = reader.i64()
  return {
    kind: 'consumer',
    epoch,
    assignmentEpoch,
    emptySinceMs: emptySinceMs < 0 ? undefined : emptySinceMs,
    assignor: reader.string32(),
    partitionCounts: new Map(Array.from({ length: reader.u32() }, () => [reader.i64(), reader.u32()])),
    members: Array.from({ length: reader.u32() }, () => readMember(reader)),
  }
}

function writeMember(writer: ByteWriter, member: KnownConsumerMember): void {
  writer.string32(member.memberId)
  writeOptional(writer, member.instanceId)
  writeOptional(writer, member.rackId)
  writeOptional(writer, member.assignor)
  writer.string32(member.clientId)
  writer.string32(member.clientHost)
  writer.u32(member.rebalanceTimeoutMs)
  writer.u32(member.topics.length)
  for (const topic of member.topics) writer.string32(topic)
  writer.string32(member.pattern)
  writer.u8(member.classic === null ? 0 : 1)
  if (member.classic !== null) {
    writer.u32(member.classic.sessionTimeoutMs)
    writeProtocols(writer, member.classic.protocols)
  }
  writer.u32(member.epoch)
  writer.u32(member.previousEpoch)
  writeSets(writer, member.assigned)
  writeSets(writer, member.revoking)
  writeSets(writer, member.target)
}

function readMember(reader: ByteReader): KnownConsumerMember {
  return {
    memberId: reader.string32(),
    instanceId: readOptional(reader),
    rackId: readOptional(reader),
    assignor: readOptional(reader),
    clientId: reader.string32(),
    clientHost: reader.string32(),
    rebalanceTimeoutMs: reader.u32(),
    topics: Array.from({ length: reader.u32() }, () => reader.string32()),
    pattern: reader.string32(),
    classic: reader.u8() === 0 ? null : { sessionTimeoutMs: reader.u32(), protocols: readProtocols(reader) },
    epoch: reader.u32() | 0,
    previousEpoch: reader.u32() | 0,
    assigned: readSets(reader),
    revoking: readSets(reader),
    target: readSets(reader),
  }
}

function writeSets(writer: ByteWriter, sets: PartitionSets): void {
  writer.u32(sets.size)
  for (const [streamId, partitions] of sets) {
    writer.i64(streamId)
    writer.u32(partitions.length)
    let before = 0
    for (const partition of partitions) {
      writer.varint(partition - before)
      before = partition
    }
  }
}

function readSets(reader: ByteReader): PartitionSets {
  const sets = new Map<number, readonly number[]>()
  for (let left = reader.u32(); left > 0; left--) {
    const streamId = reader.i64()
    let before = 0
    const partitions = Array.from({ length: reader.u32() }, () => (before += reader.varint()))
    sets.set(streamId, partitions)
  }
  return sets
}
