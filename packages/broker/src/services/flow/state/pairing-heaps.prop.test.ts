import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { PairingHeaps } from './pairing-heaps.ts'

const none = -1
const heapCount = 3
const rows = 40

/** Adds a row that is in no heap, or takes out any that is in one. */
const step = fc.record({ heap: fc.nat(heapCount - 1), row: fc.nat(rows - 1), key: fc.nat(30) })

test('heaps in shared columns give the lowest key first, whatever is taken out between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const heaps = new PairingHeaps()
      const roots = Array.from({ length: heapCount }, () => none)
      const model = Array.from({ length: heapCount }, () => new Map<number, number>())
      for (const { heap, row, key } of steps) {
        const holder = model.findIndex((keys) => keys.has(row))
        const at = holder < 0 ? heap : holder
        roots[at] = holder < 0 ? heaps.add(roots[at]!, row, key) : heaps.remove(roots[at]!, row)
        if (holder < 0) model[at]!.set(row, key)
        else model[at]!.delete(row)
        model.forEach((keys, index) => {
          const lowest = Math.min(...keys.values())
          assert.equal(roots[index] === none ? Infinity : heaps.key[roots[index]!], lowest)
          const found: number[] = []
          heaps.forEach(roots[index]!, (one) => found.push(one))
          assert.deepEqual(new Set(found), new Set(keys.keys()))
          assert.equal(found.length, keys.size)
        })
      }
    }),
    { numRuns: 60 },
  )
})
