// A process of its own that is killed in the middle of its work, for the tests that open what it leaves.

import { spawn } from 'node:child_process'

/** The lines that Node printed with these arguments until it was killed, some time after its first ones. */
export function runAndKill(args: readonly string[], afterMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    let isTimed = false
    running.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (isTimed) return
      isTimed = true
      setTimeout(() => running.kill('SIGKILL'), afterMs)
    })
    running.on('error', reject)
    running.on('close', (code) => {
      if (code === null) resolve(output.split('\n').slice(0, -1))
      else reject(new Error(`the child ended by itself with ${code}`))
    })
  })
}
