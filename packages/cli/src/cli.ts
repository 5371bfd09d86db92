// The `sluice` command line: reads the arguments, runs one command, and says by an exit code how it went.
// Must never end the process by itself, except when it is interrupted a second time.

import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import type { BrokerCommands } from './broker-commands.ts'
import type { CommandContext } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { UsageError, failureOf, failureText } from './failure.ts'
import { Output, OutputClosed } from './output/output.ts'
import { readCommandLine } from './program.ts'
import type { GlobalOptions, HelpText } from './program.ts'
import { processSurroundings } from './surroundings.ts'
import type { Surroundings } from './surroundings.ts'

export type { BrokerCommands } from './broker-commands.ts'

/** `argv` without interpreter and program. Resolves with the exit code; never rejects. */
export async function runCli(
  argv: readonly string[],
  broker: BrokerCommands,
  surroundings: Surroundings = processSurroundings(),
): Promise<number> {
  // Why from the raw arguments: those who ask for JSON get it even for a mistake in the arguments.
  const isJson = optionsOf(argv).includes('--json')
  const { stdout, stderr, environment } = surroundings
  const isStyled = (environment['NO_COLOR'] ?? '') === ''
  const output = new Output(stdout, stderr, { isJson, isStyled })
  try {
    const selection = readCommandLine(argv, broker)
    if ('help' in selection) return await printHelp(selection, output)
    const { definition, args, options, global } = selection
    const context = contextOf(global, { output, broker, surroundings })
    return (await definition.run(context, args, options)) ?? exitCodes.ok
  } catch (error) {
    if (error instanceof OutputClosed) return exitCodes.ok
    const failure = failureOf(error)
    output.complain(failureText(failure, isJson))
    return failure.exitCode
  }
}

/** What stands after `--` is data. */
function optionsOf(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

async function printHelp(selection: HelpText, output: Output): Promise<number> {
  const { help, isMissingCommand } = selection
  if (!isMissingCommand) {
    await output.write(help)
    return exitCodes.ok
  }
  if (output.isJson) throw new UsageError('A command is missing; see sluice --help')
  output.complain(help)
  return exitCodes.usage
}

type Parts = Pick<CommandContext, 'output' | 'broker' | 'surroundings'>

function contextOf({ server, connectTimeout }: GlobalOptions, parts: Parts): CommandContext {
  const { environment } = parts.surroundings
  const servers = server ?? serversOf(environment['SLUICE_SERVER'])
  return {
    ...parts,
    isServerNamed: server !== undefined,
    servers,
    withClient: async (use) => {
      const client = await connect({ servers, name: 'sluice-cli', connectTimeoutMs: connectTimeout })
      tellOfBreaks(client, parts.output)
      try {
        return await use(client)
      } finally {
        await client.close()
      }
    },
  }
}

function serversOf(list: string | undefined): string[] | undefined {
  const servers = (list ?? '').split(',').map((text) => text.trim())
  return servers.some((text) => text !== '') ? servers.filter((text) => text !== '') : undefined
}

function tellOfBreaks(client: Client, output: Output): void {
  client.on('disconnect', ({ server, reason }) => {
    if (!client.isClosed)
      output.notice(`The connection to ${server} broke, looking for another: ${reason.message}`)
  })
  client.on('reconnect', ({ server }) => output.notice(`Connected again, to ${server}`))
}
