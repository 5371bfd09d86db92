// Patterns that members subscribe by are looked at once, and keep nothing of their matching afterwards: what
// a pattern of RE2 keeps of it may come to megabytes, and every member may bring one. What is kept counts,
// and so does what members have.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { TopicDirectory } from '../topic-directory.ts'
import { ConsumerGroupState } from './consumer-group-state.ts'
import { consumerHeartbeat } from './consumer-heartbeat.ts'
import { bounds, joiningOf } from './consumer-script.fixture.ts'
import { SubscriptionIndex } from './subscription-index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const patternCount = 40
const bytesMax = 100_000

function heapBytes(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

test(`a subscription by a hostile pattern keeps less than ${bytesMax} bytes`, () => {
  const topics = new TopicDirectory()
  // Why so: with such names every prefix is another state of the pattern.
  for (let id = 1; id <= 20; id++) {
    const name = Array.from({ length: 200 }, (_, at) => 'ab'[((at * at * id + at) % 7) & 1]).join('')
    topics.put({ id, name, partitionCount: 1 })
  }
  const index = new SubscriptionIndex(topics)
  const subscriptions = Array.from({ length: patternCount }, (_, place) => {
    const pattern = `.*a.{${150 + place}}`
    assert.ok(index.isPattern(pattern))
    return index.of([], pattern)
  })
  const before = heapBytes()
  index.resolve(subscriptions)
  const keptBytes = (heapBytes() - before) / patternCount
  assert.ok(keptBytes < bytesMax, `${keptBytes.toFixed(0)} bytes`)
  assert.ok(subscriptions[0]!.streamIds.size > 0)
  topics.put({ id: 21, name: `a${'b'.repeat(150)}`, partitionCount: 1 })
  index.resolve(subscriptions)
  assert.ok(subscriptions[0]!.streamIds.has(21), 'topics that come later are looked at all the same')
})

test('what is counted of what patterns match is about what is kept', () => {
  const topics = new TopicDirectory()
  for (let id = 1; id <= 2000; id++) topics.put({ id, name: `topic-${id}`, partitionCount: 1 })
  const index = new SubscriptionIndex(topics)
  const subscriptions = Array.from({ length: 100 }, (_, place) => index.of([], `topic.{0,${place + 10}}`))
  const before = heapBytes()
  index.resolve(subscriptions)
  const keptBytes = heapBytes() - before
  const ratio = index.bytes / keptBytes
  assert.ok(ratio > 0.5 && ratio < 2, `${index.bytes} of ${keptBytes} bytes`)
})

for (const [topicCount, partitionCount] of [
  [10_000, 1],
  [200, 500],
] as const) {
  test(`what is counted of ${topicCount} topics of ${partitionCount} partitions is what is kept`, () => {
    const topics = new TopicDirectory()
    for (let id = 1; id <= topicCount; id++) topics.put({ id, name: `topic-${id}`, partitionCount })
    const before = heapBytes()
    const group = new ConsumerGroupState(bounds, topics)
    consumerHeartbeat(group, joiningOf({ memberId: 'm', topics: null, pattern: '.*' }), '', 0)
    const keptBytes = heapBytes() - before
    assert.equal(group.phase, 'Stable')
    const ratio = group.readBytes / keptBytes
    assert.ok(ratio > 0.5 && ratio < 2, `${group.readBytes} of ${keptBytes} bytes`)
  })
}
