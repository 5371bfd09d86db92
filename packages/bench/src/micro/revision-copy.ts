// The sources of another git revision in a temporary folder, ready to run: third-party packages are shared
// with this tree, the workspace's own are those of the revision.

import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const archiveBytesMax = 512 * 1024 * 1024

export class RevisionCopy {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sluice-revision-'))

  /** Throws when git does not know the revision; then nothing is left behind. */
  constructor(root: string, revision: string) {
    try {
      const archive = run('git', ['-C', root, 'archive', '--format=tar', revision])
      run('tar', ['-x', '-C', this.folder], archive)
      linkPackages(root, this.folder)
    } catch (error) {
      this.remove()
      throw error
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function run(program: string, args: readonly string[], input?: Buffer): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, maxBuffer: archiveBytesMax })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.toString().trim()}`)
  return stdout
}

/**
 * Why not one link to the folder of all packages: in it, the workspace's own are links to the sources of this
 * tree.
 */
function linkPackages(root: string, copy: string): void {
  const installed = join(root, 'node_modules')
  for (const name of packageNames(installed)) {
    const path = join(installed, name)
    // Why: npm installs what it was given, and links to what is the workspace's own.
    if (!lstatSync(path).isSymbolicLink()) linkTo(path, join(copy, 'node_modules', name))
  }
  for (const [name, folder] of ownPackages(copy)) linkTo(folder, join(copy, 'node_modules', name))
}

function linkTo(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
}

function packageNames(installed: string): string[] {
  return readdirSync(installed).flatMap((name) => {
    return name.startsWith('@') ? readdirSync(join(installed, name)).map((each) => `${name}/${each}`) : [name]
  })
}

function ownPackages(copy: string): Map<string, string> {
  const folders = readdirSync(join(copy, 'packages')).map((name) => join(copy, 'packages', name))
  const withManifest = folders.filter((folder) => existsSync(join(folder, 'package.json')))
  return new Map(
    withManifest.map((folder) => {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string }
      return [name, folder]
    }),
  )
}
