import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operatorLogger } from './logger.ts'

test('JSON lines carry level, time, fields and the error with its stack', () => {
  const lines: string[] = []
  const logger = operatorLogger({ level: 'info', format: 'json' }, (line) => lines.push(line))
  logger.debug({}, 'not written')
  logger.warn({ peer: 'x', error: new Error('broken') }, 'careful')
  assert.equal(lines.length, 1)
  const { time, error, ...rest } = JSON.parse(lines[0]!)
  assert.deepEqual(rest, { level: 'warn', peer: 'x', message: 'careful' })
  assert.match(time, /^\d{4}-\d\d-\d\dT/)
  assert.match(error.stack, /logger\.test/)
})

test('lines for people read from left to right', () => {
  const lines: string[] = []
  const logger = operatorLogger({ level: 'debug', format: 'text' }, (line) => lines.push(line))
  logger.info({ peer: 'x', reason: 'two words', count: 3 }, 'connection closed')
  logger.error({ error: new Error('broken') }, 'failed')
  assert.match(
    lines[0]!,
    /^\d\d:\d\d:\d\d\.\d{3} info {2}connection closed peer=x reason="two words" count=3\n$/,
  )
  assert.match(lines[1]!, /error failed\nError: broken\n {4}at/)
})
