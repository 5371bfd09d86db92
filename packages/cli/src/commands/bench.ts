// `sluice bench`: handed on to the bench, which is loaded for it alone, with the broker to measure.

import { defineCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { untilInterrupted } from '../interruption.ts'

const defaultServer = '127.0.0.1:9898'

export const bench = defineCommand<[args: string[]]>({
  path: ['bench'],
  summary: 'measure a running broker: publish, read, flow, latency, fan-out',
  notes: `The load comes from processes of their own, in a stream of its own, which is deleted at the end.
What else the broker does goes on, and is measured with it. 'sluice bench' lists scenarios and options.`,
  examples: [
    'sluice bench publish --server 127.0.0.1:9898',
    'sluice bench flow --rules none,patterns,captures --subjects 1000 --json',
    'sluice bench latency --rates 1000,5000 --html latency.html',
  ],
  describe: (command) => command.argument('[args...]', 'scenarios and options').allowUnknownOption(),
  run: async ({ output, servers, surroundings }, [args]) => {
    const { runBench } = await import('@sluice/bench')
    const [server = defaultServer, ...others] = servers ?? []
    if (others.length > 0) throw new UsageError('One broker is measured at a time: name one server')
    const isHelp = args.length === 0
    const more = isHelp ? [] : ['--server', server, ...(output.isJson ? ['--json'] : [])]
    return untilInterrupted(surroundings, ({ signal }) =>
      runBench([...args, ...more], {
        program: 'sluice bench',
        write: (text) => output.write(text),
        complain: (text) => output.complain(text),
        signal,
      }).catch(asUsage),
    )
  },
})

/** What it throws is about its options. */
function asUsage(error: unknown): never {
  throw new UsageError(error instanceof Error ? error.message : String(error))
}
