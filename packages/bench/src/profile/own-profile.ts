// Profiles this process while it does one task.

import { Session } from 'node:inspector/promises'
import { writeProfile } from './profile-file.ts'

const intervalUs = 500

export async function profiled<T>(folder: string, task: () => Promise<T>): Promise<T> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: intervalUs })
  await session.post('Profiler.start')
  try {
    return await task()
  } finally {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    writeProfile(folder, 'client', profile)
  }
}
