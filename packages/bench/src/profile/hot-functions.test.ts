import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hotFunctions } from './hot-functions.ts'

function node(id: number, functionName: string, url = '') {
  return { id, callFrame: { functionName, url, lineNumber: 9 } }
}

test('a function has the time until the next sample; waiting is no work', () => {
  const profile = {
    nodes: [
      node(1, '(idle)'),
      node(2, 'append', 'file:///srv/packages/broker/src/log/log.ts'),
      node(3, '(garbage collector)'),
      node(4, 'append', 'file:///srv/packages/broker/src/log/log.ts'),
    ],
    samples: [1, 2, 4, 3, 1],
    timeDeltas: [0, 1000, 100, 500, 200],
  }
  assert.deepEqual(hotFunctions([profile]), [
    { name: 'append  broker/src/log/log.ts:10', share: 0.75 },
    { name: '(garbage collector)', share: 0.25 },
  ])
})
