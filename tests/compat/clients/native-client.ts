// The libraries that wrap librdkafka for Node, which are built when they are first asked for.

import { fileURLToPath } from 'node:url'
import { buildNativeClient } from '../../../tools/test/native-clients.ts'
import type { KafkaClient } from '../harness/kafka-client.ts'
import { ProcessClient } from './process-client.ts'
import type { LibraryProcess } from './process-client.ts'

interface NativeLibrary extends LibraryProcess {
  readonly packageName: string
}

const CLASSIC_ASSIGNORS = ['range', 'roundrobin', 'cooperative-sticky']

const running = (program: string): Pick<LibraryProcess, 'command' | 'args'> => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`../native/${program}`, import.meta.url))],
})

export const nodeRdkafka: NativeLibrary = {
  name: 'node-rdkafka',
  packageName: 'node-rdkafka',
  ...running('node-rdkafka.ts'),
  lacks: ['metadata of commits'],
  lacksAdmin: ['configs', 'alterConfigs', 'deleteRecords', 'groups', 'groupState', 'deleteGroup'],
  assignors: { classic: CLASSIC_ASSIGNORS },
  hasPatterns: true,
}
export const confluent: NativeLibrary = {
  name: 'confluent',
  packageName: '@confluentinc/kafka-javascript',
  ...running('confluent.ts'),
  lacks: [],
  lacksAdmin: ['configs', 'alterConfigs'],
  assignors: { classic: CLASSIC_ASSIGNORS, consumer: ['uniform', 'range'] },
  hasPatterns: true,
}

export async function openNative(library: NativeLibrary, address: string): Promise<KafkaClient> {
  buildNativeClient(library.packageName)
  return new ProcessClient(library, address)
}
