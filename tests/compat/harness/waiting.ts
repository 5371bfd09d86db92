// Waiting for what a broker and its clients do in their own time.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Fails with what `seen` says when `condition` is not met in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seen: () => string,
  withinMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `not within ${withinMs} ms: ${seen()}`)
    await sleep(20)
  }
}

/** The same promise, rejected when it takes longer. */
export async function within<T>(withinMs: number, what: string, promise: Promise<T>): Promise<T> {
  const abort = new AbortController()
  const late = sleep(withinMs, undefined, { signal: abort.signal }).then(() => {
    throw new Error(`${what} took longer than ${withinMs} ms`)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    abort.abort()
    late.catch(() => {})
  }
}
