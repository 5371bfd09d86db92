// What a broker holds in memory, after it has let go of what it does not need.

import { NodeInspector } from './node-inspector.ts'
import { rssBytesOf } from './process-usage.ts'
import type { MeasuredServer } from './server-process.ts'

export interface MemorySample {
  /** Heap and buffers of the main thread. */
  readonly liveBytes: number
  /** Of the whole process; 0 where the operating system does not tell. */
  readonly rssBytes: number
}

/** The server was started with `inspectFlag`. */
export async function memoryOf(server: MeasuredServer): Promise<MemorySample> {
  const inspector = await NodeInspector.open(server.said)
  const liveBytes = await inspector.liveBytes()
  inspector.close()
  return { liveBytes, rssBytes: rssBytesOf(server.pid) ?? 0 }
}
