// Runs a shell command for one message: the data is its standard input, the rest is in its environment.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import process from 'node:process'
import type { Message } from '@sluice/client'

const running = new Set<ChildProcess>()

/** Resolves with what went wrong, undefined when the command ended with 0. */
export function runForMessage(command: string, message: Message): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      const child = start(command, message)
      child.once('error', (error) => resolve(`the command did not run: ${error.message}`))
      child.once('close', (code, signal) => resolve(code === 0 ? undefined : endText(code, signal)))
    } catch (error) {
      resolve(`the command did not run: ${(error as Error).message}`)
    }
  })
}

/** Why detached: an interruption from the terminal is heard by us alone, and the command can finish. */
function start(command: string, message: Message): ChildProcess {
  const child = spawn(command, {
    shell: true,
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, ...environmentOf(message) },
  })
  if (running.size === 0) process.on('exit', endRunning)
  running.add(child)
  child.once('close', () => {
    running.delete(child)
    if (running.size === 0) process.off('exit', endRunning)
  })
  // Why ignored: a command need not read its input.
  child.stdin!.on('error', () => {})
  child.stdin!.end(message.data ?? '')
  return child
}

function environmentOf({ stream, partition, offset, subject, attempt }: Message): Record<string, string> {
  return {
    SLUICE_STREAM: stream,
    SLUICE_PARTITION: String(partition),
    SLUICE_OFFSET: String(offset),
    SLUICE_SUBJECT: subject,
    SLUICE_ATTEMPT: String(attempt),
  }
}

/** Whoever ends us at once ends the commands too, with all that they started. */
function endRunning(): void {
  for (const { pid } of running) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGTERM')
    } catch {
      // It has ended by itself.
    }
  }
}

function endText(code: number | null, signal: NodeJS.Signals | null): string {
  return code === null ? `the command was ended by ${signal}` : `the command ended with ${code}`
}
