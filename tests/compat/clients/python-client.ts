// The Kafka libraries of Debian's Python.

import { fileURLToPath } from 'node:url'
import { DEBIAN_PYTHON } from '../../../tools/test/system-programs.ts'
import type { KafkaClient } from '../harness/kafka-client.ts'
import { ProcessClient } from './process-client.ts'
import type { LibraryProcess } from './process-client.ts'

const running = (program: string): Pick<LibraryProcess, 'command' | 'args'> => ({
  command: DEBIAN_PYTHON,
  args: ['-B', fileURLToPath(new URL(`../python/${program}`, import.meta.url))],
})

export const kafkaPython: LibraryProcess = {
  name: 'kafka-python',
  ...running('kafka_python.py'),
  lacks: ['static members', 'idempotence'],
  lacksAdmin: ['deleteRecords'],
  hasPatterns: true,
  assignors: { classic: ['range', 'roundrobin'] },
}
export const librdkafka: LibraryProcess = {
  name: 'librdkafka',
  ...running('librdkafka.py'),
  lacks: ['metadata of commits'],
  lacksAdmin: ['deleteRecords', 'deleteGroup'],
  hasPatterns: true,
  assignors: { classic: ['range', 'roundrobin', 'cooperative-sticky'] },
}

export async function openPython(library: LibraryProcess, address: string): Promise<KafkaClient> {
  return new ProcessClient(library, address)
}
