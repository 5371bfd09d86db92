import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partitionSets } from './partition-sets.ts'

const numbers = fc.array(fc.integer({ min: -3, max: 40 }))

test('sets are sorted and have each partition once, however they are named', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), numbers)), (rows) => {
      const sets = partitionSets(rows)
      const named = rows.filter(([, partitions]) => partitions.length > 0)
      assert.deepEqual(new Set(sets.keys()), new Set(named.map(([id]) => id)))
      for (const [id, partitions] of sets) {
        const all = named.filter(([other]) => other === id).flatMap(([, some]) => some)
        assert.deepEqual(
          partitions,
          [...new Set(all)].sort((one, other) => one - other),
        )
      }
    }),
  )
})

test('what is made does not share the lists that it is made of', () => {
  const named = [1, 2]
  const sets = partitionSets([[1, named]])
  named.push(3)
  assert.deepEqual(sets.get(1), [1, 2])
})
