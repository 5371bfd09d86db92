// The shapes of the parameters of all methods. Configurations are checked by the service that owns them,
// which answers with a code of its own; here they are only objects.

import type { CallMethod } from '@sluice/protocol/native/calls'
import { Type } from 'typebox'
import type { TObject, TProperties } from 'typebox'
import { Shape } from '../../../base/shape.ts'

/** Most rows that a live view of pools may ask for. */
const poolRowsMax = 1000

const name = Type.String({ maxLength: 1000 })
const config = Type.Object({})

function exactly<Properties extends TProperties>(properties: Properties): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false })
}

export const requestShape: Shape<TObject> = new Shape(
  exactly({ method: Type.String(), params: Type.Optional(Type.Object({})) }),
)

const nothing = new Shape(exactly({}))
const streamName = new Shape(exactly({ name }))
const streamConfig = new Shape(exactly({ name, config }))
const consumerName = new Shape(exactly({ stream: name, name }))
const consumerConfig = new Shape(exactly({ stream: name, name, config }))

export const callShapes: Readonly<Record<CallMethod, { faultOf(value: unknown): string | undefined }>> = {
  'broker.info': nothing,
  'streams.create': streamConfig,
  'streams.get': streamName,
  'streams.list': nothing,
  'streams.alter': streamConfig,
  'streams.delete': streamName,
  'consumers.create': consumerConfig,
  'consumers.get': consumerName,
  'consumers.list': new Shape(exactly({ stream: name })),
  'consumers.alter': consumerConfig,
  'consumers.delete': consumerName,
  'consumers.stats': consumerName,
  'consumers.explain': new Shape(exactly({ stream: name, name, subject: name })),
  'consumers.pools': new Shape(
    exactly({
      stream: name,
      name,
      top: Type.Union([Type.Literal('inflight'), Type.Literal('parked')]),
      count: Type.Integer({ minimum: 1, maximum: poolRowsMax }),
    }),
  ),
}
