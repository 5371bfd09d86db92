// Random members of both protocols come, go, are silent and want other topics; topics come, grow and go;
// answers are lost, and the broker stops and goes on from what was stored. Whatever comes of it, no two
// members read one partition, no epoch goes back, and in the end everybody has what is theirs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { joiningEpoch, leavingEpoch, pausingEpoch } from '../consumer-messages.ts'
import type { ConsumerAnswer, ConsumerHeartbeat } from '../consumer-messages.ts'
import type { GroupError, JoinRequest } from '../group-messages.ts'
import { areEqual, filtered, intersection, noPartitions, overlap, union } from '../partition-sets.ts'
import type { PartitionSets } from '../partition-sets.ts'
import { assignedPartitions, writeAssignment } from '../subscription-reader.ts'
import { TopicDirectory } from '../topic-directory.ts'
import { namedPartitions, setsOf } from '../topic-partitions.ts'
import { heartbeatAsClassic, joinAsClassic, leaveAsClassic, syncAsClassic } from './classic-requests.ts'
import { ConsumerGroupState } from './consumer-group-state.ts'
import type { KnownConsumerGroup } from './consumer-group-state.ts'
import { consumerHeartbeat, heartbeatFaultOf } from './consumer-heartbeat.ts'

const runs = 250
const sessionTimeoutMs = 45_000
const membersMax = 6
const bounds = { membersMax, membersBytesMax: 100_000, sessionTimeoutMs, heartbeatIntervalMs: 5000 }
const topicNames = ['a', 'ab', 'b', 'c']
const subscriptions = [
  { topics: ['a'], pattern: '' },
  { topics: ['a', 'b'], pattern: '' },
  { topics: ['b', 'a'], pattern: 'c+' },
  { topics: [], pattern: 'a.*' },
  { topics: [], pattern: '.*' },
  { topics: ['nowhere'], pattern: '' },
]

/** A member as a client is one: it reads what it was told to have, and gives up in its own time. */
class Client {
  readonly kind = 'consumer'
  readonly memberId: string
  readonly instanceId: string | null
  subscription = subscriptions[0]!
  assignor: string | null = null
  epoch = joiningEpoch
  /** What it reads. */
  owned = noPartitions
  /** What it is to read. */
  told = noPartitions
  /** It has lost an answer, and says everything again. */
  isWhole = true
  isOwnedNew = false
  isUp = true
  saidMs = 0

  constructor(memberId: string, instanceId: string | null) {
    this.memberId = memberId
    this.instanceId = instanceId
  }

  request(epoch: number): ConsumerHeartbeat {
    const isWhole = this.isWhole || epoch === joiningEpoch
    const isOwnedSaid = isWhole || this.isOwnedNew
    this.isOwnedNew = false
    this.isWhole = false
    return {
      memberId: this.memberId,
      instanceId: this.instanceId,
      epoch,
      clientId: 'client',
      clientHost: 'host',
      rackId: null,
      rebalanceTimeoutMs: isWhole ? 30_000 : -1,
      topics: isWhole ? this.subscription.topics : null,
      pattern: isWhole ? this.subscription.pattern : null,
      assignor: this.assignor,
      owned: isOwnedSaid ? this.owned : null,
      isIdRequired: true,
    }
  }

  /** It stops reading what it is not to read. */
  giveUp(): void {
    const left = intersection(this.owned, this.told)
    if (areEqual(left, this.owned)) return
    this.owned = left
    this.isOwnedNew = true
  }

  /** It is out, and begins again. */
  restart(): void {
    this.epoch = joiningEpoch
    this.owned = noPartitions
    this.told = noPartitions
    this.isWhole = true
  }
}

/** One of the classic protocol: it joins, asks for what it is to have, and joins again when it is told to. */
class ClassicClient {
  readonly kind = 'classic'
  memberId = ''
  readonly instanceId: string | null
  /** It gives up nothing before it joins; who is not so gives up all. */
  readonly isCooperative: boolean
  subscription = subscriptions[0]!
  phase: 'joining' | 'syncing' | 'stable' = 'joining'
  generation = -1
  owned = noPartitions
  told = noPartitions
  isUp = true
  saidMs = 0

  constructor(instanceId: string | null, isCooperative: boolean) {
    this.instanceId = instanceId
    this.isCooperative = isCooperative
  }

  joinRequest(topics: TopicDirectory): JoinRequest {
    const writer = new ByteWriter(64)
    writer.u16(1)
    writer.u32(this.subscription.topics.length)
    for (const topic of this.subscription.topics) writer.string16(topic)
    writer.u32(0xffff_ffff)
    // Why from there: an assignment has the same rows, behind its version.
    writer.raw(writeAssignment(0, namedPartitions(topics, this.owned)).subarray(2, -4))
    return {
      memberId: this.memberId,
      instanceId: this.instanceId,
      clientId: 'client',
      clientHost: 'host',
      sessionTimeoutMs,
      rebalanceTimeoutMs: 30_000,
      protocolType: 'consumer',
      protocols: [{ name: 'sticky', metadata: writer.take() }],
      isIdRequired: false,
      canSkipAssignment: true,
    }
  }

  giveUp(): void {
    const left = intersection(this.owned, this.told)
    if (areEqual(left, this.owned)) return
    this.owned = left
    this.phase = 'joining'
  }

  rejoin(): void {
    this.phase = 'joining'
    if (!this.isCooperative) this.owned = noPartitions
  }

  restart(): void {
    this.owned = noPartitions
    this.told = noPartitions
    this.phase = 'joining'
  }
}

type AnyClient = Client | ClassicClient

interface Waiting {
  readonly client: AnyClient
  readonly hear: () => void
}

class Checker {
  readonly topics = new TopicDirectory()
  state = new ConsumerGroupState(bounds, this.topics)
  clients: AnyClient[] = []
  nowMs = 0
  movedCount = 0
  #stored: KnownConsumerGroup | undefined
  /** What is being stored, and who hears of it then. */
  #storing: KnownConsumerGroup | undefined
  #waiting: Waiting[] = []
  #lastId = 0
  #lastStreamId = 0
  /** The highest that anybody was told. */
  readonly #toldEpochs = new Map<string, number>()

  come(instanceId: string | null, pick: number): void {
    if (this.clients.length >= membersMax + 2) return
    if (pick % 3 === 0) this.clients.push(new ClassicClient(instanceId, pick % 2 === 0))
    else this.clients.push(new Client(`m${++this.#lastId}`, instanceId))
  }

  beat(client: AnyClient): void {
    if (client.kind === 'classic') this.#sendClassic(client)
    else this.#send(client, client.epoch)
  }

  /** With what is lost: the request has been heard, the answer has not. */
  beatUnheard(client: AnyClient): void {
    this.beat(client)
    this.#lose(client)
  }

  leave(client: AnyClient, isForAWhile: boolean): void {
    this.die(client)
    const { memberId, instanceId } = client
    if (memberId === '') return
    if (client.kind === 'classic') leaveAsClassic(this.state, [{ memberId, instanceId }])
    else this.#send(client, isForAWhile && instanceId !== null ? pausingEpoch : leavingEpoch)
    this.#changed()
    this.check()
  }

  /** Nobody hears of it any more. */
  die(client: AnyClient): void {
    client.owned = noPartitions
    client.isUp = false
    this.clients = this.clients.filter((other) => other !== client)
  }

  wants(client: AnyClient, pick: number): void {
    this.#lose(client)
    client.subscription = subscriptions[pick % subscriptions.length]!
    if (client.kind === 'classic') return client.rejoin()
    client.assignor = pick % 7 === 0 ? 'range' : null
    client.isWhole = true
  }

  topic(name: string, pick: number): void {
    const known = this.topics.find(name)
    if (known === undefined) {
      const id = ++this.#lastStreamId
      // Why so many: the next assignment of a large group waits.
      this.topics.put({ id, name, partitionCount: (name === 'b' ? 120 : 1) + (pick % 5) })
    } else if (pick % 3 === 0) this.topics.remove(known.id)
    else this.topics.put({ ...known, partitionCount: known.partitionCount + 1 })
  }

  pass(ms: number): void {
    this.nowMs += ms
    for (const client of this.clients) {
      // Why: who cannot reach the broker, or does not give up in time, has to stop before others begin.
      const member = this.state.members.get(client.memberId)
      const isLate = this.nowMs >= Math.min(client.saidMs + sessionTimeoutMs, member?.stepByMs ?? Infinity)
      if (!isLate) continue
      this.#lose(client)
      client.restart()
    }
    this.state.expire(this.nowMs, true)
    this.#changed()
    this.check()
  }

  store(isStored: boolean): void {
    const waiting = this.#waiting
    this.#waiting = []
    if (isStored) {
      this.#stored = this.#storing ?? this.#stored
      this.#storing = undefined
    }
    for (const { client, hear } of waiting) {
      if (!isStored) lost(client)
      else if (client.isUp) hear()
    }
    this.check()
  }

  /** What was not stored is forgotten, and whoever waits hears nothing. */
  crash(): void {
    for (const { client } of this.#waiting) lost(client)
    this.#waiting = []
    this.#storing = undefined
    this.state = new ConsumerGroupState(bounds, this.topics, this.#stored, this.nowMs)
    this.check()
  }

  /** All that are up do what they should: soon everybody has what is theirs. */
  settle(): void {
    for (let round = 0; round < 40; round++) {
      this.store(true)
      for (const client of this.clients) {
        client.giveUp()
        for (let step = client.kind === 'classic' ? 3 : 1; step > 0 && client.isUp; step--) {
          this.beat(client)
          this.store(true)
        }
      }
      this.pass(5000)
    }
    this.#checkSettled()
  }

  check(): void {
    let all = noPartitions
    for (const { memberId, owned: reads } of this.clients) {
      // Why: of a topic that is gone there is nothing to read, and its name says no more who has it.
      const owned = filtered(reads, (id) => this.topics.byId(id) !== undefined)
      assert.ok(!overlap(owned, all), `${memberId} reads what another reads: ${text(owned)} of ${text(all)}`)
      all = union(all, owned)
    }
    let held = noPartitions
    for (const { memberId, assigned, revoking } of this.state.members.values()) {
      const own = union(assigned, revoking)
      assert.ok(!overlap(assigned, revoking) && !overlap(own, held), `${memberId} holds what another holds`)
      held = union(held, own)
    }
    const { epoch, assignmentEpoch, members } = this.state
    assert.ok(members.size <= membersMax)
    assert.ok(assignmentEpoch <= epoch)
    for (const member of members.values())
      assert.ok(member.epoch <= assignmentEpoch, 'none is ahead of the target')
    if (members.size > 0) assert.ok(this.state.due.deadlineMs < Infinity, 'somebody wakes it up')
  }

  #send(client: Client, epoch: number): void {
    // Why: it has given up to wait for the answer before.
    this.#lose(client)
    this.#restarted(client)
    const request = client.request(epoch)
    assert.equal(heartbeatFaultOf(request), undefined)
    client.saidMs = this.nowMs
    const answer = consumerHeartbeat(this.state, request, '', this.nowMs)
    this.#asked(client, () => this.#hear(client, answer))
  }

  #sendClassic(client: ClassicClient): void {
    this.#lose(client)
    client.saidMs = this.nowMs
    const { memberId, instanceId, generation, phase } = client
    if (phase === 'joining') return this.#join(client)
    if (phase === 'stable') {
      const error = heartbeatAsClassic(this.state, { memberId, instanceId }, generation, this.nowMs)
      this.#changed()
      if (error !== 'none') this.#refused(client, error)
      return this.check()
    }
    const request = {
      memberId,
      instanceId,
      generation,
      protocolType: null,
      protocolName: null,
      assignments: [],
    }
    const { error, assignment } = syncAsClassic(this.state, request, this.nowMs)
    this.#asked(client, () => {
      if (error !== 'none') return this.#refused(client, error)
      client.phase = 'stable'
      this.#tell(client, setsOf(this.topics, assignedPartitions(assignment)!))
    })
  }

  #join(client: ClassicClient): void {
    this.#restarted(client)
    if (!client.isCooperative) client.owned = noPartitions
    const request = client.joinRequest(this.topics)
    const answer = joinAsClassic(this.state, request, `m${++this.#lastId}`, this.nowMs)
    this.#asked(client, () => {
      if (answer.error !== 'none') return this.#refused(client, answer.error)
      this.#toldEpoch(answer.memberId, answer.generation)
      client.memberId = answer.memberId
      client.generation = answer.generation
      client.phase = 'syncing'
    })
  }

  #refused(client: ClassicClient, error: GroupError): void {
    if (error === 'rebalance-in-progress') return client.rejoin()
    if (error === 'fenced-instance-id') return this.die(client)
    if (error === 'unknown-member-id') client.memberId = ''
    assert.ok(['unknown-member-id', 'illegal-generation', 'group-max-size-reached'].includes(error), error)
    client.restart()
  }

  /** Who begins under an instance id does so when the one before is gone, if a classic one is among them. */
  #restarted(client: AnyClient): void {
    if (client.instanceId === null || (client.kind === 'consumer' && client.epoch !== joiningEpoch)) return
    if (client.kind === 'classic' && client.memberId !== '') return
    for (const other of this.clients) {
      const isOther = other !== client && other.instanceId === client.instanceId
      if (isOther && (client.kind === 'classic' || other.kind === 'classic')) this.die(other)
    }
  }

  #asked(client: AnyClient, hear: () => void): void {
    this.#changed()
    this.#waiting.push({ client, hear })
    if (this.#storing === undefined) this.store(true)
    this.check()
  }

  #lose(client: AnyClient): void {
    const left = this.#waiting.filter((each) => each.client !== client)
    if (left.length < this.#waiting.length) lost(client)
    this.#waiting = left
  }

  #changed(): void {
    if (this.state.takeChange()) this.#storing = this.state.known()
  }

  #hear(client: Client, { error, epoch, assigned }: ConsumerAnswer): void {
    if (error === 'unknown-member-id' || error === 'fenced-member-epoch') return client.restart()
    if (error === 'fenced-instance-id') return this.die(client)
    if (error !== 'none') {
      client.isWhole = true
      return assert.ok(error === 'unreleased-instance-id' || error === 'group-max-size-reached', error)
    }
    this.#toldEpoch(client.memberId, epoch)
    client.epoch = epoch
    if (assigned !== null && this.#tell(client, assigned)) client.isOwnedNew = true
  }

  #toldEpoch(memberId: string, epoch: number): void {
    assert.ok(epoch >= (this.#toldEpochs.get(memberId) ?? 0), 'epochs never go back')
    this.#toldEpochs.set(memberId, epoch)
  }

  /** It begins to read at once; answers whether there was anything to begin with. */
  #tell(client: AnyClient, assigned: PartitionSets): boolean {
    if (!areEqual(client.told, assigned)) this.movedCount++
    client.told = assigned
    const grown = union(client.owned, assigned)
    if (areEqual(grown, client.owned)) return false
    client.owned = grown
    return true
  }

  #checkSettled(): void {
    const { state, clients, topics } = this
    assert.equal(state.phase, state.members.size === 0 ? 'Empty' : 'Stable')
    assert.equal(state.members.size, Math.min(membersMax, membersOf(clients)))
    const counts = new Map<number, number>()
    for (const { memberId, epoch, assigned, target, revoking } of state.members.values()) {
      const client = clients.find((each) => each.memberId === memberId)!
      assert.equal(epoch, state.epoch)
      assert.equal(client.kind === 'classic' ? client.generation : client.epoch, epoch)
      assert.ok(areEqual(assigned, target) && areEqual(client.owned, target) && revoking.size === 0)
      const { topics: names, pattern: said } = client.subscription
      const pattern = client.kind === 'classic' ? '' : said
      const wanted = topicNames.filter(
        (name) => names.includes(name) || new RegExp(`^(${pattern})$`).test(name),
      )
      const ids = new Set(wanted.flatMap((name) => topics.find(name)?.id ?? []))
      for (const id of ids) counts.set(id, topics.byId(id)!.partitionCount)
      for (const id of target.keys()) assert.ok(ids.has(id), 'it has only what it wants')
    }
    let all = noPartitions
    for (const { owned } of clients) all = union(all, owned)
    const expected = Array.from(
      counts,
      ([id, count]) => [id, Array.from({ length: count }, (_, p) => p)] as const,
    )
    assert.ok(areEqual(all, new Map(expected)), `${text(all)} are read of ${text(new Map(expected))}`)
  }
}

/** Of those with one instance id only one is let in. */
function membersOf(clients: readonly AnyClient[]): number {
  return new Set(clients.map((client) => client.instanceId ?? client)).size
}

/** An answer is lost on it. */
function lost(client: AnyClient): void {
  if (client.kind === 'classic') client.rejoin()
  else client.isWhole = true
}

function text(sets: PartitionSets): string {
  return [...sets].map(([id, partitions]) => `${id}/${partitions.join()}`).join(' ')
}

const step = fc.tuple(
  fc.constantFrom(
    ...([
      'come',
      'beat',
      'beat',
      'beat',
      'beat',
      'beat',
      'giveUp',
      'giveUp',
      'unheard',
      'leave',
      'die',
    ] as const),
    ...(['wants', 'topic', 'pass', 'pass', 'store', 'store', 'crash', 'settle'] as const),
  ),
  fc.nat(999),
  fc.constantFrom(null, null, null, 'i', 'j'),
)

test('no two members read one partition, no epoch goes back, and all have what is theirs in the end', () => {
  let moved = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 90, size: 'max' }), (steps) => {
      const checker = new Checker()
      checker.topic('a', 3)
      for (const [kind, number, instanceId] of steps) {
        const client = checker.clients[number % Math.max(1, checker.clients.length)]
        if (kind === 'come') checker.come(instanceId, number)
        else if (kind === 'topic') checker.topic(topicNames[number % topicNames.length]!, number >> 2)
        else if (kind === 'pass') checker.pass(number * 20)
        else if (kind === 'store') checker.store(number % 4 > 0)
        else if (kind === 'crash') checker.crash()
        else if (kind === 'settle') checker.settle()
        else if (client === undefined) checker.come(instanceId, number)
        else if (kind === 'beat') checker.beat(client)
        else if (kind === 'giveUp') client.giveUp()
        else if (kind === 'unheard') checker.beatUnheard(client)
        else if (kind === 'leave') checker.leave(client, number % 2 === 0)
        else if (kind === 'die') checker.die(client)
        else checker.wants(client, number)
      }
      checker.settle()
      moved += checker.movedCount
    }),
    { numRuns: runs },
  )
  assert.ok(moved > runs * 3, `${moved} assignments were heard`)
})
