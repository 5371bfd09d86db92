// The shapes of the parameters of all methods. Configurations are checked by the service that owns them,
// which answers with a code of its own; here they are only objects.

import type { CallMethod } from '@sluice/protocol/native/calls'
import { Type } from 'typebox'
import type { TObject, TProperties } from 'typebox'
import { Shape } from '../../../base/shape.ts'

/** Most rows that a live view of pools may ask for. */
const poolRowsMax = 1000
/** Most blocked records or dead letters in one answer, and most of these in one request. */
const rowsMax = 1000
const placesMax = 10_000

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
const place = exactly({ partition: Type.Integer({ minimum: 0 }), offset: Type.Integer({ minimum: 0 }) })
const places = Type.Array(place, { maxItems: placesMax })
const partition = Type.Integer({ minimum: 0 })
/** As long as Kafka clients may have it. */
const groupId = Type.String({ maxLength: 1024 })
const groupName = new Shape(exactly({ name: groupId }))
const rowCount = Type.Integer({ minimum: 1, maximum: rowsMax })
/** A page may be shorter than what is asked for. */
const letterCount = Type.Integer({ minimum: 1, maximum: placesMax })
const match = Type.Optional(name)
const letterChoice = new Shape(exactly({ stream: name, name, letters: Type.Optional(places), match }))
const consumerConfig = new Shape(exactly({ stream: name, name, config }))

export const callShapes: Readonly<Record<CallMethod, { faultOf(value: unknown): string | undefined }>> = {
  'broker.info': nothing,
  'streams.create': new Shape(exactly({ name, config, mustBeNew: Type.Optional(Type.Boolean()) })),
  'streams.get': streamName,
  'streams.list': nothing,
  'streams.alter': streamConfig,
  'streams.delete': streamName,
  'streams.purge': new Shape(
    exactly({
      name,
      match,
      partition: Type.Optional(Type.Integer({ minimum: 0 })),
      before: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  ),
  'streams.deleteMessages': new Shape(exactly({ name, messages: places })),
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
      top: Type.Union([Type.Literal('inflight'), Type.Literal('parked'), Type.Literal('oldest')]),
      count: Type.Integer({ minimum: 1, maximum: poolRowsMax }),
    }),
  ),
  'consumers.pause': new Shape(exactly({ stream: name, name, match, until: Type.Optional(name) })),
  'consumers.resume': new Shape(exactly({ stream: name, name, match })),
  'consumers.drain': new Shape(exactly({ stream: name, name, match: name })),
  'consumers.blocked': new Shape(exactly({ stream: name, name, count: rowCount })),
  'consumers.unblock': new Shape(
    exactly({
      stream: name,
      name,
      subject: name,
      decision: Type.Union([Type.Literal('retry'), Type.Literal('dead-letter'), Type.Literal('drop')]),
    }),
  ),
  'deadLetters.list': new Shape(
    exactly({ stream: name, name, count: letterCount, after: Type.Optional(places), match }),
  ),
  'deadLetters.replay': letterChoice,
  'deadLetters.drop': letterChoice,
  'groups.list': nothing,
  'groups.get': groupName,
  'groups.resetOffsets': new Shape(
    exactly({
      name: groupId,
      stream: Type.Optional(name),
      partitions: Type.Optional(Type.Array(partition, { maxItems: placesMax })),
      to: Type.Union([
        Type.Literal('earliest'),
        Type.Literal('latest'),
        exactly({ offset: Type.Integer({ minimum: 0 }) }),
        exactly({ time: name }),
      ]),
    }),
  ),
  'groups.delete': groupName,
  'cluster.nodes': nothing,
}
