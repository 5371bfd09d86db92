// Builds the Kafka client of Debian's Go that the long run of tests/compat tries, when it is first asked for.
//
//   node tools/test/go-clients.ts

import { spawnSync } from 'node:child_process'
import { accessSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { installDebianPackages } from './debian-packages.ts'
import { isInstalled } from './system-programs.ts'

const folder = resolve(import.meta.dirname, '../../tests/compat/go')
/** Where Debian keeps the sources of Go's packages. */
const sources = '/usr/share/gocode'
/** The compiler of C is for zstd. */
const debianPackages = ['golang-go', 'golang-github-shopify-sarama-dev', 'gcc', 'libc6-dev']

/** Where the program is; at once where it is younger than its source. */
export function buildSarama(): string {
  const [source, program] = [resolve(folder, 'sarama.go'), resolve(folder, 'dist/sarama')]
  if (isYounger(program, source)) return program
  if (!isInstalled('go') || !isThere(`${sources}/src/github.com/Shopify/sarama`)) {
    installDebianPackages(debianPackages)
  }
  const { status } = spawnSync('go', ['build', '-o', program, source], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, GO111MODULE: 'off', GOPATH: sources, GOFLAGS: '' },
  })
  if (status !== 0) throw new Error(`go build ${source} failed`)
  return program
}

function isThere(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}

function isYounger(path: string, than: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.mtimeMs > statSync(than).mtimeMs
}

if (import.meta.main) console.log(buildSarama())
