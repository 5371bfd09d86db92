import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runClosedLoop } from './closed-loop.ts'

test('never has more requests out than lanes, and counts what is answered after the warm-up', async () => {
  let outCount = 0
  let outMost = 0
  let answeredCount = 0
  const request = async (): Promise<void> => {
    outMost = Math.max(outMost, ++outCount)
    await new Promise((resolve) => {
      setTimeout(resolve, 2)
    })
    outCount--
    answeredCount++
  }
  const result = await runClosedLoop({ lanes: 3, warmUpMs: 30, durationMs: 60, request })
  assert.equal(outMost, 3)
  assert.equal(outCount, 0)
  assert.ok(result.requestCount > 0 && result.requestCount < answeredCount, 'the warm-up is not counted')
  assert.equal(result.latency.count, result.requestCount)
  assert.ok(result.latency.mean >= 1.5, `${result.latency.mean} ms`)
  assert.ok(result.elapsedMs >= 60)
})

test('a request that fails ends it', async () => {
  const request = (index: number): Promise<void> => {
    return index < 5 ? Promise.resolve() : Promise.reject(new Error('refused'))
  }
  await assert.rejects(runClosedLoop({ lanes: 2, warmUpMs: 10, durationMs: 50, request }), /refused/)
})
