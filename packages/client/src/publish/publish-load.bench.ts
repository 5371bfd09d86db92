// What a message costs the client that publishes it, without sockets: checked, encoded and sealed in batches
// of 256 with a subject of 20 bytes. Run it with node; nanoseconds per message.

import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { writePublish } from '@sluice/protocol/native/publish-messages'
import { PublishLoad } from './publish-load.ts'
import { checkMessage, messageBytesMax } from './published.ts'
import type { NewMessage } from './published.ts'

const perBatch = 256
const batches = 2_000
const rounds = 6

function messagesOf(dataBytes: number, headers?: NewMessage['headers']): NewMessage[] {
  const data = new Uint8Array(dataBytes).fill(120)
  return Array.from({ length: perBatch }, (_, index) => {
    return { subject: `orders.premium.u${1000 + index}`, data, headers }
  })
}

let sink = 0

function load(messages: readonly NewMessage[]): void {
  const made = new PublishLoad()
  for (const message of messages) made.add(message, 1, 1_700_000_000_000)
  sink += made.seal().sizeBytes
}

/** The best of several runs: the others were disturbed. */
function measure(name: string, run: () => void): void {
  let bestNs = Infinity
  for (let round = 0; round < rounds; round++) {
    const startedNs = process.hrtime.bigint()
    for (let batch = 0; batch < batches; batch++) run()
    bestNs = Math.min(bestNs, Number(process.hrtime.bigint() - startedNs))
  }
  console.log(`${name.padEnd(44)} ${(bestNs / (batches * perBatch)).toFixed(0).padStart(6)} ns`)
}

const small = messagesOf(64)
const large = messagesOf(1024)
const headed = messagesOf(64, { trace: 'abc' })

measure('check and size, 64 B', () => {
  for (const message of small) {
    checkMessage(message)
    sink += messageBytesMax(message)
  }
})
measure('encode and seal, 64 B', () => load(small))
measure('encode and seal, 64 B and a header', () => load(headed))
measure('encode and seal, 1 KiB', () => load(large))

const batch = new Uint8Array(26_000)
measure('frame of one sealed batch', () => {
  const writer = new ByteWriter()
  writePublish(writer, { stream: 'ORDERS', parts: [{ partition: 0, batch }] })
  sink += writer.position
})

if (sink === 0) throw new Error('nothing was made')
