// From arguments to the command that is meant, by commander. Must never run anything.

import { Command, CommanderError, Option } from 'commander'
import type { BrokerCommands } from './broker-commands.ts'
import type { CommandDefinition } from './command.ts'
import { commands } from './commands/all-commands.ts'
import { UsageError } from './failure.ts'
import { duration } from './options/number-options.ts'
import { repeated } from './options/text-options.ts'

/** Options that every command has; those who talk to no broker refuse the ones about servers. */
export interface GlobalOptions {
  readonly server?: readonly string[]
  readonly connectTimeout: number
  readonly json?: boolean
}

export interface HelpText {
  readonly help: string
  readonly isMissingCommand: boolean
}

/** A command to run, or a text to print: because it was asked for, or because something is missing. */
export type Selection =
  | {
      readonly definition: CommandDefinition
      readonly args: readonly unknown[]
      readonly options: unknown
      readonly global: GlobalOptions
    }
  | HelpText

const nouns: Readonly<Record<string, string>> = {
  stream: 'create, show, alter, purge and delete streams',
  message: 'remove single messages',
  consumer: 'create, show, alter, pause and delete flow consumers',
  'dead-letter': 'list, replay and drop what a flow consumer has given up',
  group: 'list, show, reset and delete consumer groups of Kafka clients',
  log: 'look into a data directory that no broker uses',
}

const hourMs = 3_600_000

const footer = `
SLUICE_SERVER names servers, separated by commas, where --server is not given.

Exit codes: 0 done, 1 broker or connection failed, 2 wrong usage or refused input, 3 not found, 4 conflict,
5 damaged data, 6 denied. An error is one line on standard error; with --json, one document.

'sluice help <command>' or 'sluice <command> --help' shows options and examples.
`

/** Throws `UsageError`. */
export function readCommandLine(argv: readonly string[], broker: BrokerCommands): Selection {
  let printed = ''
  let selection: Selection | undefined
  const program = newProgram(broker.version, (text) => (printed += text))
  for (const definition of commands) {
    const command = addCommand(program, definition, broker)
    command.action(() => {
      refuseServer(program, definition)
      const global = program.opts<GlobalOptions>()
      selection = { definition, args: command.processedArgs, options: command.opts(), global }
    })
  }
  try {
    program.parse(withoutHelpCommand(program, argv), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const isMissingCommand = error.code === 'commander.help'
    if (error.exitCode === 0 || isMissingCommand) return { help: printed, isMissingCommand }
    throw new UsageError(`${usageText(error)}; see ${nearestCommand(program, argv).words} --help`)
  }
  return selection!
}

const connectTimeout = new Option('--connect-timeout <duration>', 'how long to look for a broker')
  .argParser(duration(1, hourMs))
  .default(5_000, '5s')

function newProgram(version: string, print: (text: string) => void): Command {
  return new Command('sluice')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: print, outputError: () => {} })
    .configureHelp({ showGlobalOptions: true })
    .description('Sluice, the stateful flow broker.')
    .version(`sluice ${version}`, '--version', 'print the version')
    .option(
      '-s, --server <host:port>',
      'broker to talk to; repeatable (default: 127.0.0.1:9898)',
      repeated(String),
    )
    .addOption(connectTimeout)
    .option('--json', 'answer in JSON: one document, or one per line where there are many')
    .addHelpText('after', footer)
}

function addCommand(program: Command, definition: CommandDefinition, broker: BrokerCommands): Command {
  const { path, summary, notes, examples, describe } = definition
  const [noun, verb] = path
  const parent = verb === undefined ? program : commandOfNoun(program, noun)
  const command = parent
    .command(verb ?? noun)
    .summary(summary)
    .description(capitalized(summary))
  describe(command)
  if (noun === 'serve') return command.configureHelp({ formatHelp: () => broker.serveHelp() })
  const more = notes === undefined ? '' : `\n${notes}\n`
  return command.addHelpText('after', `${more}\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`)
}

function commandOfNoun(program: Command, noun: string): Command {
  const present = program.commands.find((command) => command.name() === noun)
  return present ?? program.command(noun).description(nouns[noun]!)
}

function refuseServer(program: Command, { isOffline, path }: CommandDefinition): void {
  if (isOffline !== true) return
  for (const [name, flag] of [
    ['server', '--server'],
    ['connectTimeout', '--connect-timeout'],
  ] as const) {
    if (program.getOptionValueSource(name) !== 'cli') continue
    throw new UsageError(`'${path.join(' ')}' talks to no broker; leave out ${flag}`)
  }
}

/** Commander's text has a prefix, and suggestions in lines of their own. */
function usageText({ message }: CommanderError): string {
  return message
    .replace(/^error: /, '')
    .trim()
    .replace(/\.$/, '')
    .replaceAll(/\s*\n\s*/g, ' ')
}

/** `help stream create` as `stream create --help`: commander's own help command takes one word alone. */
function withoutHelpCommand(program: Command, argv: readonly string[]): readonly string[] {
  const [first, ...topic] = operandsOf(argv)
  if (first !== 'help') return argv
  const { words, unknown } = nearestCommand(program, topic)
  if (unknown !== undefined) throw new UsageError(`unknown command '${unknown}'; see ${words} --help`)
  return [...topic, '--help']
}

/** The command that arguments come nearest to, and the first word that names none below it. */
function nearestCommand(program: Command, argv: readonly string[]): { words: string; unknown?: string } {
  let words = 'sluice'
  let command: Command = program
  for (const word of operandsOf(argv)) {
    const child = command.commands.find((one) => one.name() === word)
    if (child === undefined) return { words, unknown: word }
    command = child
    words += ` ${word}`
  }
  return { words }
}

function operandsOf(argv: readonly string[]): string[] {
  return argv.filter((argument) => !argument.startsWith('-'))
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
