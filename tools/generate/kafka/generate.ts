// Writes packages/protocol/src/kafka/generated from the definitions beside it: `npm run generate`. With
// `--check` it writes nothing and fails where a file differs from what it would write.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { emitInterface, emitReader, emitWriter, structsOf } from './emit-structs.ts'
import { parseSchema } from './parse-schema.ts'
import type { ApiSchema } from './schema.ts'

const kafka = resolve(import.meta.dirname, '../../../packages/protocol/src/kafka')
const generated = join(kafka, 'generated')

function run(isCheck: boolean): void {
  const files = generateAll()
  const stale = [...files].filter(([name, text]) => readGenerated(name) !== text).map(([name]) => name)
  const surplus = readdirSync(generated).filter((name) => !files.has(name))
  if (!isCheck) {
    for (const name of stale) writeFileSync(join(generated, name), files.get(name)!)
    for (const name of surplus) rmSync(join(generated, name))
    return
  }
  for (const name of [...stale, ...surplus])
    console.log(`${name} is not what the definitions say: run npm run generate`)
  if (stale.length + surplus.length > 0) process.exitCode = 1
}

/** Text by file name, as the formatter leaves it. */
function generateAll(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-generate-'))
  try {
    const schemas: [string, ApiSchema][] = []
    for (const file of readdirSync(join(kafka, 'definitions')).sort()) {
      const schema = parseNamed(file)
      const name = file.replace(/\.schema$/, '.ts')
      schemas.push([name, schema])
      writeFileSync(join(folder, name), emitApi(file, schema))
    }
    writeFileSync(join(folder, 'all-apis.ts'), emitTable(schemas))
    execFileSync('oxfmt', ['--config', resolve(kafka, '../../../../.oxfmtrc.json'), folder], {
      stdio: 'pipe',
    })
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function parseNamed(file: string): ApiSchema {
  try {
    return parseSchema(readFileSync(join(kafka, 'definitions', file), 'utf8'))
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function emitApi(file: string, schema: ApiSchema): string {
  const { name, key, versions, advertisedFrom, flexibleFrom, doc } = schema
  const request = structsOf({ name: `${name}Request`, fields: schema.request, versions, isWritten: false })
  const response = structsOf({ name: `${name}Response`, fields: schema.response, versions, isWritten: true })
  const structs = [...request, ...response]
  const codecs = structs.flatMap((struct) => [emitReader(struct, schema), emitWriter(struct, schema)])
  const body = [...structs.toReversed().map(emitInterface), ...codecs].join('\n\n')
  const table = `/** ${doc} */
export const ${camel(name)}Api: KafkaApi<${name}Request, ${name}Response> = {
  name: '${name}', key: ${key}, versions: { from: ${versions.from}, to: ${versions.to} },
  advertisedFrom: ${advertisedFrom}, flexibleFrom: ${flexibleFrom},
  readRequest: read${name}Request, writeRequest: write${name}Request,
  readResponse: read${name}Response, writeResponse: write${name}Response,
}`
  const head = `// Generated from definitions/${file}. Change that and run \`npm run generate\`.`
  return `${head}\n\n${importsFor(body)}\n${body}\n\n${table}\n`
}

function importsFor(body: string): string {
  const values = ['noBytes', 'readAll', 'taggedBytes', 'writeAll', 'zeroUuid'].filter((name) =>
    new RegExp(`\\b${name}\\b`).test(body),
  )
  const writerTypes = ['KafkaWriter', ...(/\bRecordSlices\b/.test(body) ? ['RecordSlices'] : [])]
  return [
    "import type { KafkaApi } from '../kafka-api.ts'",
    ...(values.length === 0 ? [] : [`import { ${values.join(', ')} } from '../kafka-fields.ts'`]),
    "import type { KafkaReader } from '../kafka-reader.ts'",
    `import type { ${writerTypes.join(', ')} } from '../kafka-writer.ts'\n`,
  ].join('\n')
}

function emitTable(schemas: readonly (readonly [string, ApiSchema])[]): string {
  const sorted = schemas.toSorted(([, a], [, b]) => a.key - b.key)
  const imports = sorted.map(([file, { name }]) => `import { ${camel(name)}Api } from './${file}'`).sort()
  const rows = sorted.map(([, { name }]) => `  ${camel(name)}Api,`)
  return `// Generated from definitions/. Do not edit: change a definition and run \`npm run generate\`.

import type { KafkaApi } from '../kafka-api.ts'
${imports.join('\n')}

/** Every request that there is a codec for, by key. */
export const allApis: readonly KafkaApi<unknown, unknown>[] = [\n${rows.join('\n')}\n]\n`
}

function camel(name: string): string {
  return name[0]!.toLowerCase() + name.slice(1)
}

function readGenerated(name: string): string | undefined {
  try {
    return readFileSync(join(generated, name), 'utf8')
  } catch {
    return undefined
  }
}

run(process.argv.includes('--check'))
