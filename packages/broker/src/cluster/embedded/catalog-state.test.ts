import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Transaction } from '../metadata.ts'
import { CatalogState } from './catalog-state.ts'
import { decodeStep, encodeStep } from './catalog-step-codec.ts'

function commit(state: CatalogState, transaction: Transaction): boolean {
  const step = state.stepOf(transaction)
  if (step !== undefined) state.apply(step)
  return step !== undefined
}

test('a put gives the key the revision of its transaction', () => {
  const state = new CatalogState()
  commit(state, { puts: [{ key: 'a', value: '1' }] })
  commit(state, { puts: [{ key: 'b', value: '2' }] })
  assert.deepEqual(state.get('b'), { key: 'b', value: '2', revision: 2 })
  assert.equal(state.get('a')?.revision, 1)
  assert.equal(state.revision, 2)
})

test('a compare that does not hold changes nothing', () => {
  const state = new CatalogState()
  commit(state, { puts: [{ key: 'a', value: '1' }] })
  const puts = [{ key: 'b', value: '2' }]
  assert.equal(commit(state, { compares: [{ key: 'a', revision: 0 }], puts }), false)
  assert.equal(commit(state, { compares: [{ key: 'a', revision: 2 }], puts }), false)
  assert.equal(state.get('b'), undefined)
  assert.equal(state.revision, 1)
  assert.equal(commit(state, { compares: [{ key: 'a', revision: 1 }], puts }), true)
})

test('a key that was deleted and made again has another revision', () => {
  const state = new CatalogState()
  commit(state, { puts: [{ key: 'a', value: '1' }] })
  commit(state, { deletes: ['a'] })
  commit(state, { puts: [{ key: 'a', value: '1' }] })
  assert.equal(commit(state, { compares: [{ key: 'a', revision: 1 }], deletes: ['a'] }), false)
  assert.equal(state.get('a')?.revision, 3)
})

test('list gives the keys of a prefix in order, and no neighbours', () => {
  const state = new CatalogState()
  for (const key of ['b/2', 'a', 'b0', 'b/10', 'b/', 'c', 'b']) commit(state, { puts: [{ key, value: key }] })
  assert.deepEqual(
    state.list('b/').map(({ key }) => key),
    ['b/', 'b/10', 'b/2'],
  )
  assert.equal(state.list('').length, 7)
  assert.deepEqual(state.list('d'), [])
})

test('the end of a lease takes its keys, all in one step', () => {
  const state = new CatalogState()
  const grant = state.grantStep(1000)
  state.apply(grant)
  const lease = grant.revision
  commit(state, {
    puts: [
      { key: 'held', value: '1', lease },
      { key: 'kept', value: '2' },
    ],
  })
  const change = state.apply(state.endStep(lease))
  assert.deepEqual(change.deletes, ['held'])
  assert.equal(state.get('held'), undefined)
  assert.equal(state.get('kept')?.value, '2')
  assert.equal(state.hasLease(lease), false)
})

test('a transaction may not touch a key twice', () => {
  const state = new CatalogState()
  assert.throws(() => state.stepOf({ puts: [{ key: 'a', value: '1' }], deletes: ['a'] }), /twice/)
})

const key = fc.constantFrom('a', 'a/b', 'a/c', 'b', 'streams/x', 'streams/y', '__proto__')
const move = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value: fc.string(), isLeased: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('grant' as const) }),
  fc.record({ kind: fc.constant('end' as const) }),
)

test('a snapshot, whole or cut short behind the older steps, leads to the same state', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), fc.nat(60), (moves, snapshotSteps) => {
      const state = new CatalogState()
      const journal: Uint8Array[] = []
      let lease = 0
      const run = (step: ReturnType<CatalogState['stepOf']>): void => {
        journal.push(encodeStep(step!))
        state.apply(step!)
      }
      for (const given of moves) {
        if (given.kind === 'grant') {
          run(state.grantStep(1000))
          lease = state.revision
        } else if (given.kind === 'end') {
          run(state.endStep(lease))
        } else if (given.kind === 'delete') {
          run(state.stepOf({ deletes: [given.key] }))
        } else {
          const held = given.isLeased && state.hasLease(lease) ? { lease } : {}
          run(state.stepOf({ puts: [{ key: given.key, value: given.value, ...held }] }))
        }
      }
      const snapshot = Array.from(state.snapshot(), encodeStep)
      for (const steps of [journal, snapshot, [...journal, ...snapshot.slice(0, snapshotSteps)]]) {
        const replayed = new CatalogState()
        for (const step of steps) replayed.apply(decodeStep(step))
        assert.deepEqual(replayed.list(''), state.list(''))
        assert.equal(replayed.revision, state.revision)
        assert.deepEqual([...replayed.leases], [...state.leases])
      }
    }),
  )
})
