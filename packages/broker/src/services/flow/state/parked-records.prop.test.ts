import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { ParkedRecords } from './parked-records.ts'
import { PoolTable } from './pool-table.ts'
import { RuleTable } from './rule-table.ts'

/** Near each other, and 2^33 apart: more than a queue can span. */
const offset = fc.oneof(
  fc.nat(200),
  fc.nat(200).map((small) => 2 ** 33 + small),
)
const step = fc.record({ op: fc.constantFrom('append', 'insert', 'take'), pool: fc.nat(2), offset })

test('each pool gives its lowest offset first, however far they are apart', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const pools = new PoolTable()
      const rows = ['a', 'b', 'c'].map((name) => insert(pools, name))
      const parked = new ParkedRecords(pools)
      const model = rows.map((): number[] => [])
      for (const given of steps) apply(parked, rows, model, given)
      for (const [index, pool] of rows.entries()) {
        const offsets: number[] = []
        parked.forEach(pool, (one) => offsets.push(one))
        assert.deepEqual(offsets, model[index])
        assert.equal(pools.parkedCount[pool], model[index]!.length)
        for (const expected of model[index]!) assert.equal(parked.takeFirst(pool), expected)
      }
      assert.equal(parked.count, 0)
    }),
    { numRuns: 300 },
  )
})

function insert(pools: PoolTable, name: string): number {
  const key = Buffer.from(name)
  pools.find(key, 0, key.length)
  return pools.insert(key, 0, key.length, new RuleTable([]))
}

function apply(
  parked: ParkedRecords,
  rows: readonly number[],
  model: readonly number[][],
  given: { op: string; pool: number; offset: number },
): void {
  const pool = rows[given.pool]!
  const offsets = model[given.pool]!
  if (given.op === 'take') {
    if (offsets.length === 0) return
    assert.equal(parked.firstOf(pool), offsets[0])
    assert.equal(parked.takeFirst(pool), offsets.shift())
    return
  }
  if (offsets.includes(given.offset)) return
  const isLast = offsets.every((one) => one < given.offset)
  if (given.op === 'append' && isLast) parked.append(pool, given.offset)
  else parked.insert(pool, given.offset)
  offsets.push(given.offset)
  offsets.sort((a, b) => a - b)
}
