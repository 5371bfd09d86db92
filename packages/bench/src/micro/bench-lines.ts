// What a micro-benchmark prints: one line a figure, its name, a number and a unit. Whatever follows on the
// line is for its reader.
//
//     decode, batches()                                 142 ns
//     1 batches of 100 bytes per group: 4811 confirmed batches/s, 0.95 of raw write+sync

export interface BenchFigure {
  readonly name: string
  readonly value: number
  readonly unit: string
}

/** The last number with a unit is the figure: names have numbers too. */
const line = /^(?<name>\S.*)\s(?<value>\d+(?:\.\d+)?) (?<unit>ns|us|ms|bytes|[A-Za-z ]+\/s)(?=$|[\s,;])/

export function readBenchLines(text: string): BenchFigure[] {
  return text.split('\n').flatMap((each) => {
    const groups = line.exec(each)?.groups
    if (groups === undefined) return []
    const name = groups['name']!.trimEnd().replace(/:$/, '')
    return [{ name, value: Number(groups['value']), unit: groups['unit']! }]
  })
}

/** Of rates more is better, of times and sizes less. */
export function isMoreBetter({ unit }: BenchFigure): boolean {
  return unit.endsWith('/s')
}
