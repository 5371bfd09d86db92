// Reads a definition. Its notation, one field a line, children two blanks further in:
//
//    # what it is for
//    api <name> <key>
//    versions <range>
//    flexible <version>+ | none
//    advertised from <version>            only where it is lower than the first version that is served
//    request | response
//      <name> <type> [<versions>] [null <versions>] [tag <n>] [default <value>]
//
// A range is `3-7`, or `3+` for all from there on. Without one a field is in every version.

import { fieldTypes } from './schema.ts'
import type { ApiSchema, Field, FieldType, VersionRange } from './schema.ts'

interface Line {
  readonly number: number
  readonly depth: number
  readonly words: readonly string[]
}

interface Head {
  doc: string[]
  name?: string
  key?: number
  versions?: VersionRange
  flexibleFrom?: number
  advertisedFrom?: number
}

/** Throws an Error that names the line. */
export function parseSchema(text: string): ApiSchema {
  const head: Head = { doc: [] }
  const bodies: Record<'request' | 'response', Line[]> = { request: [], response: [] }
  let body: Line[] | undefined
  for (const [index, content] of text.split('\n').entries()) {
    const line = {
      number: index + 1,
      depth: (content.length - content.trimStart().length) / 2,
      words: wordsOf(content),
    }
    if (line.words.length === 0) continue
    if (content.startsWith('#')) head.doc.push(content.slice(1).trim())
    else if (line.depth > 0) requireBody(body, line).push(line)
    else if (content === 'request' || content === 'response') body = bodies[content]
    else readHead(head, line)
  }
  const { name, key, versions, flexibleFrom } = head
  if (name === undefined || key === undefined || versions === undefined || flexibleFrom === undefined)
    throw new Error('api, versions and flexible must all be said')
  return {
    name,
    key,
    doc: head.doc.join(' '),
    versions,
    advertisedFrom: head.advertisedFrom ?? versions.from,
    flexibleFrom,
    request: fieldsOf(bodies.request, 1, versions),
    response: fieldsOf(bodies.response, 1, versions),
  }
}

function wordsOf(content: string): string[] {
  return content
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
}

function requireBody(body: Line[] | undefined, line: Line): Line[] {
  if (body === undefined) throw fault(line, 'a field before request or response')
  return body
}

function readHead(head: Head, line: Line): void {
  const [first, second, third] = line.words
  if (first === 'api' && third !== undefined) {
    head.name = second
    head.key = Number(third)
  } else if (first === 'versions') head.versions = rangeOf(line, second)
  else if (first === 'flexible') head.flexibleFrom = second === 'none' ? Infinity : rangeOf(line, second).from
  else if (first === 'advertised' && second === 'from') head.advertisedFrom = Number(third)
  else throw fault(line, `'${first}' is none of api, versions, flexible, advertised, request, response`)
}

/** The fields at one depth; lines that are further in belong to the field before them. */
function fieldsOf(lines: readonly Line[], depth: number, outer: VersionRange): Field[] {
  const fields: Field[] = []
  for (let index = 0; index < lines.length;) {
    const line = lines[index]!
    if (line.depth !== depth) throw fault(line, `its indentation is ${line.depth}, not ${depth}`)
    let end = index + 1
    while (end < lines.length && lines[end]!.depth > depth) end++
    fields.push(fieldOf(line, lines.slice(index + 1, end), outer))
    index = end
  }
  return fields
}

function fieldOf(line: Line, inner: readonly Line[], outer: VersionRange): Field {
  const [name, type, ...rest] = line.words as [string, string, ...string[]]
  if (!fieldTypes.includes(type as FieldType)) throw fault(line, `'${type}' is no type`)
  let versions = outer
  let nullable: VersionRange | undefined
  let tag: number | undefined
  let fallback: string | undefined
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index]!
    if (word === 'null') nullable = rangeOf(line, rest[++index])
    else if (word === 'tag') tag = Number(rest[++index])
    else if (word === 'default') fallback = rest[++index]
    else versions = rangeOf(line, word)
  }
  const hasFields = type === '[]' || type === 'struct'
  if (hasFields !== inner.length > 0)
    throw fault(line, `'${type}' ${hasFields ? 'has no' : 'cannot have'} fields`)
  const within = { from: Math.max(versions.from, outer.from), to: Math.min(versions.to, outer.to) }
  const fields = fieldsOf(inner, line.depth + 1, within)
  return { name, type: type as FieldType, versions: within, nullable, tag, fallback, fields }
}

function rangeOf(line: Line, text: string | undefined): VersionRange {
  const match = /^(\d+)(?:-(\d+)|(\+))$/.exec(text ?? '')
  if (match === null) throw fault(line, `'${text}' is no range of versions`)
  return { from: Number(match[1]), to: match[2] === undefined ? Infinity : Number(match[2]) }
}

function fault(line: Line, why: string): Error {
  return new Error(`line ${line.number}: ${why}`)
}
