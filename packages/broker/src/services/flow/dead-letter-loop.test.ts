import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import type { ConsumerEntry } from './consumer-catalog.ts'
import { newConsumerConfig } from './consumer-config.ts'
import { checkLoop } from './dead-letter-loop.ts'

function consumer(
  name: string,
  stream: string,
  deadLetterStream: string,
  more: Partial<ConsumerConfig> = {},
): Pick<ConsumerEntry, 'stream' | 'name' | 'config'> {
  return { name, stream, config: newConsumerConfig(stream, { deadLetterStream, ...more }) }
}

test('a chain that leads back is named, by its shortest way', () => {
  const others = [
    consumer('b', 'B', 'C'),
    consumer('c', 'C', 'D'),
    consumer('d', 'D', 'A'),
    consumer('short', 'C', 'A'),
    consumer('elsewhere', 'C', 'Z'),
  ]
  assert.throws(() => checkLoop(consumer('a', 'A', 'B'), others), {
    code: 'dead-letter-loop',
    message: /again: a of A → B, b of B → C, short of C → A\. /,
  })
})

test('what leads elsewhere, or in a circle that this one is not part of, is taken', () => {
  checkLoop(consumer('a', 'A', 'A.dlq'), [])
  checkLoop(consumer('a', 'A', 'B'), [consumer('b', 'B', 'C'), consumer('c', 'C', 'B')])
  checkLoop(consumer('a', 'A', 'B'), [consumer('a2', 'A', 'B'), consumer('b', 'B', 'C')])
})

test('a consumer takes its own place, and one without letters leads nowhere', () => {
  const b = consumer('b', 'B', 'A')
  assert.throws(() => checkLoop(consumer('a', 'A', 'B'), [b]), { code: 'dead-letter-loop' })
  checkLoop(consumer('a', 'A', 'Z'), [b, consumer('a', 'A', 'B')])
  checkLoop(consumer('a', 'A', 'B'), [consumer('b', 'B', 'A', { ackPolicy: 'none' })])
  checkLoop(consumer('a', 'A', 'B', { ackPolicy: 'none' }), [b])
})
