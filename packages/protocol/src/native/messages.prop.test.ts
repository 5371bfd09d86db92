// Every message of the native protocol: what is written is read back, and hostile bodies are
// refused, not obeyed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { BrokerError } from '../errors/broker-error.ts'
import { ERROR_CODES, errorCodeOf } from '../errors/error-codes.ts'
import type { ErrorCode } from '../errors/error-codes.ts'
import * as flow from './flow-messages.ts'
import { errorFlag, frameHeaderBytes, opcodes, readError, writeErrorFrame } from './frame.ts'
import { readHello, readWelcome, writeHello, writeWelcome } from './handshake.ts'
import * as publish from './publish-messages.ts'

const u16 = fc.nat(0xffff)
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const i64 = fc.maxSafeInteger()
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const bytes = fc.uint8Array({ maxLength: 100 })
const codes = fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[]))

/** Plain objects, as the codecs make them. */
function model<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>
}

interface Codec<T> {
  readonly values: fc.Arbitrary<T>
  readonly write: (writer: ByteWriter, value: T) => void
  readonly read: (reader: ByteReader) => T
}

/** A nack and a reject have a reason, a nack has a delay. */
const settles: fc.Arbitrary<flow.Settle> = model({
  verb: fc.constantFrom(...Object.values(flow.settleVerbs)),
  partition: u32,
  slot: u32,
  sequence: i64,
  delayMs: u32,
  reason: text,
}).map((settle) => ({
  ...settle,
  delayMs: settle.verb === flow.settleVerbs.nack ? settle.delayMs : 0,
  reason:
    settle.verb === flow.settleVerbs.nack || settle.verb === flow.settleVerbs.reject ? settle.reason : '',
}))

function readSettle(reader: ByteReader): flow.Settle {
  const settle: flow.Settle = {
    verb: 0,
    partition: 9,
    slot: 9,
    sequence: 9,
    delayMs: 9,
    reason: 'of the one before',
  }
  flow.readSettleInto(reader, settle)
  return settle
}

const parts = fc.array(model({ partition: u32, batch: bytes }), { maxLength: 5 })
const codec = <T>(values: fc.Arbitrary<T>, write: Codec<T>['write'], read: Codec<T>['read']): Codec<T> => ({
  values,
  write,
  read,
})
const codecs = {
  hello: codec(
    model({ versionMin: u16, versionMax: u16, keepAliveMs: u32, clientName: text }),
    writeHello,
    readHello,
  ),
  welcome: codec(
    model({ version: u16, keepAliveMs: u32, bootEpoch: u32, frameBytesMax: u32, brokerName: text }),
    writeWelcome,
    readWelcome,
  ),
  publish: codec(model({ stream: text, parts }), publish.writePublish, publish.readPublish),
  published: codec(
    fc.array(model({ partition: u32, baseOffset: i64 }), { maxLength: 8 }),
    publish.writePublished,
    publish.readPublished,
  ),
  read: codec(
    model({
      stream: text,
      partition: u32,
      from: fc.constantFrom(...Object.values(publish.readFrom)),
      value: i64,
      bytesMax: u32,
      waitMs: u32,
    }),
    publish.writeRead,
    publish.readRead,
  ),
  readResult: codec(
    model({ logStart: i64, highWatermark: i64, nextOffset: i64, batches: bytes }),
    publish.writeReadResult,
    publish.readReadResult,
  ),
  subscribe: codec(
    model({ subscription: u32, stream: text, consumer: text, window: u32 }),
    flow.writeSubscribe,
    flow.readSubscribe,
  ),
  settle: codec(settles, flow.writeSettle, readSettle),
  settleFailures: codec(
    fc.array(model({ index: u32, code: codes }), { maxLength: 8 }),
    flow.writeSettleFailures,
    flow.readSettleFailures,
  ),
}

for (const [name, { values, write, read }] of Object.entries(codecs) as [string, Codec<unknown>][]) {
  test(`${name}: what is written is read back, to the last byte`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const writer = new ByteWriter(1)
        write(writer, value)
        const written = writer.take()
        const reader = new ByteReader(written)
        assert.deepEqual(read(reader), value)
        assert.equal(reader.remaining, 0)
      }),
    )
  })

  test(`${name}: cut off anywhere, it is refused`, () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const writer = new ByteWriter()
        write(writer, value)
        const written = writer.take()
        const end = cut % written.length
        assert.throws(() => read(new ByteReader(written, 0, end)), BrokerError)
      }),
    )
  })

  test(`${name}: hostile bytes are refused as a request, or read, and never more`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (hostile) => {
        try {
          read(new ByteReader(hostile))
        } catch (error) {
          assert.ok(error instanceof BrokerError, String(error))
          assert.ok(error.code === 'invalid-request' || error.code === 'malformed-frame')
        }
      }),
      { numRuns: 500 },
    )
  })
}

test('counts that promise more than there is cost nothing', () => {
  const huge = Buffer.alloc(40, 0xff)
  const before = process.memoryUsage().arrayBuffers
  assert.throws(() => flow.readSettleFailures(new ByteReader(huge)), { code: 'invalid-request' })
  assert.throws(() => publish.readPublished(new ByteReader(huge)), { code: 'invalid-request' })
  const sized = Buffer.concat([Buffer.from([0, 1, 0x53, 0, 1, 0, 0, 0, 0]), huge])
  assert.throws(() => publish.readPublish(new ByteReader(sized)), { code: 'invalid-request' })
  assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024)
})

test('a later version of HELLO may have more fields; a HELLO without the magic is no HELLO', () => {
  const writer = new ByteWriter()
  writeHello(writer, { versionMin: 1, versionMax: 3, keepAliveMs: 5, clientName: 'new' })
  writer.u32(42)
  assert.equal(readHello(new ByteReader(writer.take())).clientName, 'new')
  assert.throws(() => readHello(new ByteReader(Buffer.alloc(20))), { code: 'malformed-frame' })
})

test('an unknown way to settle is refused', () => {
  assert.throws(() => readSettle(new ByteReader(Buffer.alloc(17, 5))), { code: 'invalid-request' })
})

test('subscriptionEnded and error frames carry code and whole text', () => {
  fc.assert(
    fc.property(codes, text, u32, (code, message, id) => {
      const error = BrokerError.received(code, message)
      const writer = new ByteWriter()
      flow.writeSubscriptionEnded(writer, { subscription: id, error })
      const ended = flow.readSubscriptionEnded(new ByteReader(writer.take()))
      assert.deepEqual([ended.subscription, ended.error.code, ended.error.message], [id, code, message])
      writeErrorFrame(writer, opcodes.call, id, error)
      const frame = writer.take()
      assert.equal(frame[5], errorFlag)
      const read = readError(new ByteReader(frame, frameHeaderBytes))
      assert.deepEqual([read.code, read.kind, read.message], [code, ERROR_CODES[code].kind, message])
    }),
  )
})

test('error numbers are unique, and one of a newer version is no crash', () => {
  const numbers = Object.values(ERROR_CODES).map(({ number }) => number)
  assert.equal(new Set(numbers).size, numbers.length)
  for (const [code, { number }] of Object.entries(ERROR_CODES)) assert.equal(errorCodeOf(number), code)
  assert.equal(errorCodeOf(65_535), 'internal')
})

const rejection: flow.Settle = {
  verb: flow.settleVerbs.reject,
  partition: 0,
  slot: 0,
  sequence: 0,
  delayMs: 0,
  reason: '',
}

test('a reason is cut to 1000 characters when it is read, never inside of one', () => {
  const read = (reason: string): string => {
    const writer = new ByteWriter()
    flow.writeSettle(writer, { ...rejection, reason })
    flow.readSettleInto(new ByteReader(writer.take()), rejection)
    return rejection.reason
  }
  assert.equal(read('x'.repeat(65_535)), 'x'.repeat(1000))
  assert.equal(read('\ufeff'.repeat(1000)), '\ufeff'.repeat(1000))
  assert.equal(read(`${'x'.repeat(999)}\u{1f600} and more`), 'x'.repeat(999))
  assert.equal(read(`${'x'.repeat(998)}\u{1f600} and more`), `${'x'.repeat(998)}\u{1f600}`)
})

test('ten thousand cut reasons keep the memory of what they say', () => {
  const reasons: string[] = []
  const before = process.memoryUsage().heapUsed
  for (let index = 0; index < 10_000; index++) {
    const sent = Buffer.alloc(60_000, `${index} `)
    const writer = new ByteWriter(65_536)
    flow.writeSettle(writer, { ...rejection, reason: sent.toString('latin1') })
    flow.readSettleInto(new ByteReader(writer.take()), rejection)
    reasons.push(rejection.reason)
  }
  const used = process.memoryUsage().heapUsed - before
  assert.ok(used < 200_000_000, `${used} bytes for ${reasons.length} reasons of 1000 characters`)
})
