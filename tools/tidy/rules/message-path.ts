// The path of a message goes through five files, each of which says in its first line where it stands:
// `// Path of a message 3/5 · from servers/native/x.ts · to cluster/partition.ts.`
// When one does, all five must, and the files named must exist.

import type { Finding, Rule } from '../finding.ts'
import type { SourceFile, SourceTree } from '../source-tree.ts'

const STEPS = 5
const FIRST_LINE = /^\/\/ Path of a message (\d+)\/(\d+)/
const NAMED_FILE = /\b(?:from|to) ((?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts)\b/g
const BROKER = 'packages/broker/src/'

interface Station {
  readonly file: string
  readonly step: number
  readonly of: number
  readonly neighbours: readonly string[]
}

export const messagePath: Rule = {
  name: 'message-path',
  check(tree) {
    const stations = tree.sources.flatMap(station)
    const [first] = stations
    if (first === undefined) return []
    return [...missingSteps(stations, first), ...stations.flatMap((each) => [...wrongStation(each, tree)])]
  },
}

function station({ path, lines }: SourceFile): Station[] {
  const [line = ''] = lines
  const match = FIRST_LINE.exec(line)
  if (match === null) return []
  const neighbours = [...line.matchAll(NAMED_FILE)].map(([, file = '']) => file)
  return [{ file: path, step: Number(match[1]), of: Number(match[2]), neighbours }]
}

function missingSteps(stations: readonly Station[], first: Station): Finding[] {
  const steps = Array.from({ length: STEPS }, (_, index) => index + 1)
  return steps
    .filter((step) => !stations.some((each) => each.step === step))
    .map((step) => finding(first.file, `the path is broken: no file says ${step}/${STEPS}`))
}

function* wrongStation({ file, step, of, neighbours }: Station, tree: SourceTree): Iterable<Finding> {
  if (of !== STEPS || step < 1 || step > STEPS) yield finding(file, `the path has ${STEPS} steps`)
  for (const name of neighbours) {
    if (!tree.paths.has(BROKER + name)) yield finding(file, `${name} is not in ${BROKER}`)
  }
}

function finding(file: string, message: string): Finding {
  return { file, line: 1, rule: 'message-path', message }
}
