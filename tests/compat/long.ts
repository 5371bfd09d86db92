// The scenarios at length: more records, more kills, all of them with one shard and with two. No part of CI.
//
//   npm run compat                                      every client
//   npm run compat -- kcat librdkafka                   those named
//   npm run compat -- kafkajs --shards 2 --only killed  scenarios that say so in their names

import { suite } from 'node:test'
import { parseArgs } from 'node:util'
import { buildSarama } from '../../tools/test/go-clients.ts'
import { buildNativeClient } from '../../tools/test/native-clients.ts'
import { openSarama } from './clients/go-client.ts'
import { openKafkajs } from './clients/kafkajs-client.ts'
import { openKcat } from './clients/kcat-client.ts'
import { confluent, nodeRdkafka, openNative } from './clients/native-client.ts'
import { openPlatformatic } from './clients/platformatic-client.ts'
import { kafkaPython, librdkafka, openPython } from './clients/python-client.ts'
import type { ClientLibrary } from './harness/kafka-client.ts'
import { testAtLength } from './scenarios/compatibility.ts'

const LIBRARIES: Readonly<Record<string, ClientLibrary>> = {
  kafkajs: openKafkajs,
  platformatic: openPlatformatic,
  kcat: openKcat,
  'python-kafka': (address) => openPython(kafkaPython, address),
  librdkafka: (address) => openPython(librdkafka, address),
  'node-rdkafka': (address) => openNative(nodeRdkafka, address),
  confluent: (address) => openNative(confluent, address),
  sarama: openSarama,
}

/** Of those that have to be built: before any test, since nothing else goes on meanwhile. */
const BUILDS: Readonly<Record<string, () => unknown>> = {
  'node-rdkafka': () => buildNativeClient(nodeRdkafka.packageName),
  confluent: () => buildNativeClient(confluent.packageName),
  sarama: buildSarama,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shards: { type: 'string', multiple: true, default: ['1', '2'] },
    only: { type: 'string', default: '' },
  },
})
const asked = positionals.length === 0 ? Object.keys(LIBRARIES) : positionals
for (const name of asked) BUILDS[name]?.()

// Why two at once: most of the time each waits, for sessions to end or brokers to come back.
suite('compatibility', { concurrency: 2 }, () => {
  for (const name of asked) {
    const library = LIBRARIES[name]
    if (library === undefined) throw new Error(`${name} is none of ${Object.keys(LIBRARIES).join(', ')}`)
    for (const shards of values.shards)
      testAtLength(library, { prefix: `${name}, `, shards: Number(shards), only: values.only })
  }
})
