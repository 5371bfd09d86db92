// The process around the command line, as far as commands may touch it. Tests bring their own.

import process from 'node:process'

export interface InputStream extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined
}

export interface OutputStream {
  readonly isTTY?: boolean | undefined
  /** `done` is called once, when the bytes are handed over or cannot be. */
  write(bytes: string | Uint8Array, done: (error?: Error | null) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdin: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** Hears SIGINT and SIGTERM instead of ending the process. Returns what takes the listener off again. */
  readonly onInterrupt: (listener: () => void) => () => void
  /** Ends the process at once. */
  readonly exit: (code: number) => void
}

export function processSurroundings(): Surroundings {
  return {
    environment: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt,
    exit: (code) => process.exit(code),
  }
}

function onInterrupt(listener: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  const hear = (): void => listener()
  for (const signal of signals) process.on(signal, hear)
  return () => {
    for (const signal of signals) process.off(signal, hear)
  }
}
