import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { PoolTable } from './pool-table.ts'
import { RuleTable } from './rule-table.ts'

const rules = new RuleTable([])
const key = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 0, max: 400 }).map((number) => Buffer.from(`orders.u${number}`)),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 245, max: 262 }).map((size) => Buffer.alloc(size, size)),
)

test('pools are found by their bytes, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 1500, size: 'max' }), (steps) => {
      const pools = new PoolTable()
      const model = new Map<string, number>()
      for (const [bytes, isRemoval] of steps) {
        const name = bytes === null ? 'null' : bytes.toString('hex')
        const [source, end] = bytes === null ? [Buffer.alloc(0), -1] : [bytes, bytes.length]
        const found = pools.find(source, 0, end)
        assert.equal(found, model.get(name) ?? -1)
        if (isRemoval && found >= 0) {
          pools.remove(found)
          model.delete(name)
        } else if (found < 0) model.set(name, pools.insert(source, 0, end, rules))
      }
      assert.equal(pools.count, model.size)
      pools.forEach((pool) => {
        const bytes = pools.keyOf(pool)
        assert.equal(model.get(bytes === null ? 'null' : Buffer.from(bytes).toString('hex')), pool)
      })
    }),
    { numRuns: 50 },
  )
})

test('an empty table gives back what many pools needed, and takes pools again', () => {
  const pools = new PoolTable()
  const keyOf = (number: number): Buffer => Buffer.from(`subject.${number}`)
  for (let round = 0; round < 2; round++) {
    for (let number = 0; number < 10_000; number++) {
      const bytes = keyOf(number)
      assert.equal(pools.find(bytes, 0, bytes.length), -1)
      pools.insert(bytes, 0, bytes.length, rules)
    }
    assert.ok(pools.limit.length >= 10_000)
    for (let number = 0; number < 10_000; number++) {
      const bytes = keyOf(number)
      pools.remove(pools.find(bytes, 0, bytes.length))
    }
    assert.equal(pools.limit.length, 0)
  }
})
