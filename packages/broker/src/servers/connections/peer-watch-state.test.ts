import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerWatchState } from './peer-watch-state.ts'
import type { PeerSigns, PeerVerdict } from './peer-watch-state.ts'

const quiet: PeerSigns = {
  hasReceived: false,
  hasWritten: false,
  isPaused: false,
  isUnfinished: false,
  pendingBytes: 0,
  flushedBytes: 0,
}

/** What is said at each time, with the signs given there. */
function verdicts(watch: PeerWatchState, steps: readonly [number, Partial<PeerSigns>][]): PeerVerdict[] {
  return steps.map(([nowMs, signs]) => watch.tick(nowMs, { ...quiet, ...signs }))
}

function opened(keepAliveMs: number): PeerWatchState {
  const watch = new PeerWatchState({ handshakeTimeoutMs: 100, stalledPeerMs: 500 })
  watch.tick(0, quiet)
  watch.opened(keepAliveMs)
  return watch
}

test('a peer that says no HELLO is given up, however much it says', () => {
  const watch = new PeerWatchState({ handshakeTimeoutMs: 100, stalledPeerMs: 500 })
  assert.equal(watch.tick(0, quiet), 'fine')
  const said = { hasReceived: true }
  assert.deepEqual(
    verdicts(watch, [
      [50, said],
      [99, said],
      [100, said],
    ]),
    ['fine', 'fine', 'handshake-timeout'],
  )
})

test('silence of a third is answered with a ping, silence of the whole with the end', () => {
  const watch = opened(300)
  const steps: [number, Partial<PeerSigns>][] = [
    [90, {}],
    [100, {}],
    [150, { hasWritten: true }],
    [249, {}],
    [250, {}],
  ]
  assert.deepEqual(verdicts(watch, steps), ['fine', 'ping', 'fine', 'fine', 'ping'])
  assert.deepEqual(
    verdicts(watch, [
      [299, { hasWritten: true }],
      [300, {}],
    ]),
    ['fine', 'peer-silent'],
  )
})

test('whatever comes is a sign of life', () => {
  const watch = opened(300)
  const wrote = { hasWritten: true }
  const steps: [number, Partial<PeerSigns>][] = [
    [290, { ...wrote, hasReceived: true }],
    [589, wrote],
    [590, wrote],
  ]
  assert.deepEqual(verdicts(watch, steps), ['fine', 'fine', 'peer-silent'])
})

test('a peer that we do not read is not called silent', () => {
  const watch = opened(300)
  const paused = { isPaused: true, hasWritten: true }
  const steps: [number, Partial<PeerSigns>][] = [
    [400, paused],
    [800, paused],
    [1099, { hasWritten: true }],
  ]
  assert.deepEqual(verdicts(watch, steps), ['fine', 'fine', 'fine'])
})

test('a peer is stalled only when it takes nothing at all for the whole time', () => {
  const watch = opened(10_000)
  const pending = { pendingBytes: 10, hasReceived: true }
  assert.deepEqual(
    verdicts(watch, [
      [100, pending],
      [400, { ...pending, flushedBytes: 1 }],
      [899, { ...pending, flushedBytes: 1 }],
      [900, { ...pending, flushedBytes: 1 }],
    ]),
    ['fine', 'fine', 'fine', 'peer-stalled'],
  )
})

test('nothing pending is no stall, and starts the time afresh', () => {
  const watch = opened(10_000)
  const pending = { pendingBytes: 10, hasReceived: true, hasWritten: true }
  assert.deepEqual(
    verdicts(watch, [
      [400, pending],
      [450, { ...pending, pendingBytes: 0 }],
      [949, pending],
      [950, pending],
    ]),
    ['fine', 'fine', 'fine', 'peer-stalled'],
  )
})

test('without an agreed keep-alive nothing is pinged', () => {
  assert.deepEqual(verdicts(opened(0), [[1e9, {}]]), ['fine'])
})

test('a peer that completes no frame for the whole time is late, whatever it sends', () => {
  const watch = opened(300)
  const trickle = { isUnfinished: true, hasReceived: true, hasWritten: true }
  assert.deepEqual(
    verdicts(watch, [
      [100, { ...trickle, isUnfinished: false }],
      [400, trickle],
      [500, { ...trickle, isUnfinished: false }],
      [700, trickle],
      [999, trickle],
      [1000, trickle],
    ]),
    ['fine', 'fine', 'fine', 'fine', 'fine', 'frame-timeout'],
  )
})
