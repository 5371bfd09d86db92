// A package.json as it is published: what pointed at `./src/x.ts` points at `./lib/x.js` and declarations.

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

export interface PublishedManifest {
  readonly name: string
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>
  readonly [field: string]: unknown
}

/** Fields that mean something only inside the workspace. */
const WORKSPACE_ONLY = new Set(['devDependencies', 'private', 'scripts', 'bin', 'exports'])

export function publishedManifest(manifest: Manifest): PublishedManifest {
  const kept = Object.entries(manifest).filter(([field]) => !WORKSPACE_ONLY.has(field))
  const bin = Object.entries(manifest.bin ?? {}).map(([name, path]) => [name, emittedPath(path, '.js')])
  const exports = Object.entries(manifest.exports ?? {}).map(([subpath, path]) => [
    subpath,
    { types: emittedPath(path, '.d.ts'), default: emittedPath(path, '.js') },
  ])
  return {
    ...(Object.fromEntries(kept) as { name: string; version: string }),
    ...(bin.length > 0 && { bin: Object.fromEntries(bin) as Record<string, string> }),
    exports: Object.fromEntries(exports) as PublishedManifest['exports'],
  }
}

function emittedPath(path: string, extension: '.js' | '.d.ts'): string {
  const match = /^\.\/src\/(.+)\.ts$/.exec(path)
  if (match === null) throw new Error(`${path} is not a source file: ./src/….ts`)
  return `./lib/${match[1]}${extension}`
}
