import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { Shape } from './shape.ts'

const shape = new Shape(
  Type.Object(
    {
      name: Type.String(),
      config: Type.Object(
        {
          size: Type.Optional(Type.Integer({ minimum: 1, maximum: 4 })),
          mode: Type.Optional(Type.Union([Type.Literal('x'), Type.Literal('y')])),
          tags: Type.Optional(Type.Array(Type.String())),
        },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
)

for (const [value, fault] of [
  [{ name: 'a', config: {} }, undefined],
  [{ name: 'a', config: { size: 4, mode: 'y', tags: [] } }, undefined],
  [{ config: {} }, "lacks 'name'"],
  [{ name: 1, config: {} }, "'name' must be string"],
  [{ name: 'a', config: {}, colour: 1 }, "there is no property 'colour'"],
  [{ name: 'a', config: { colour: 1 } }, "there is no property 'config.colour'"],
  [{ name: 'a', config: { size: 5 } }, "'config.size' must be <= 4"],
  [{ name: 'a', config: { mode: 'z' } }, '\'config.mode\' must be one of "x", "y"'],
  [{ name: 'a', config: { tags: ['a', 1] } }, "'config.tags.1' must be string"],
  [JSON.parse('{ "name": "a", "config": {}, "__proto__": {} }'), "there is no property '__proto__'"],
  [null, 'it must be object'],
  [[], 'it must be object'],
] as const) {
  test(`${JSON.stringify(value)}: ${fault ?? 'fits'}`, () => {
    assert.equal(shape.faultOf(value), fault)
    assert.equal(shape.matches(value), fault === undefined)
  })
}
