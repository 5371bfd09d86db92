// The scenarios at length: more records, more kills, all of them with one shard and with two. Part of CI.
//
//   npm run compat               every client
//   npm run compat -- kcat       those named

import { openKafkajs } from './clients/kafkajs-client.ts'
import { openKcat } from './clients/kcat-client.ts'
import { openPlatformatic } from './clients/platformatic-client.ts'
import { kafkaPython, librdkafka, openPython } from './clients/python-client.ts'
import type { ClientLibrary } from './harness/kafka-client.ts'
import { testCompatibility } from './scenarios/compatibility.ts'

const LIBRARIES: Readonly<Record<string, ClientLibrary>> = {
  kafkajs: openKafkajs,
  platformatic: openPlatformatic,
  kcat: openKcat,
  'python-kafka': (address) => openPython(kafkaPython, address),
  librdkafka: (address) => openPython(librdkafka, address),
}

const asked = process.argv.slice(2)
for (const name of asked.length === 0 ? Object.keys(LIBRARIES) : asked) {
  const library = LIBRARIES[name]
  if (library === undefined) throw new Error(`${name} is none of ${Object.keys(LIBRARIES).join(', ')}`)
  testCompatibility(library, 'long', `${name}, `)
}
