// The form of a command: how it is called, what it is for, examples that a test parses, and what it does.

import type { Client } from '@sluice/client'
import type { Command } from 'commander'
import type { BrokerCommands } from './broker-commands.ts'
import type { Output } from './output/output.ts'
import type { Surroundings } from './surroundings.ts'

/** What a command works with. */
export interface CommandContext {
  readonly output: Output
  readonly broker: BrokerCommands
  readonly surroundings: Surroundings
  /** Whether the caller has named a server by a flag. */
  readonly isServerNamed: boolean
  /** Those that were named in any way; undefined: the default of the client. */
  readonly servers: readonly string[] | undefined
  /** Runs something with a connected client, which is closed in any case. */
  readonly withClient: <Result>(use: (client: Client) => Promise<Result>) => Promise<Result>
}

/** The way a command is asked to run. */
export interface CommandDefinition {
  /** `['stream', 'create']` */
  readonly path: readonly [string] | readonly [noun: string, verb: string]
  readonly summary: string
  /** Whole lines, beginning with `sluice`. */
  readonly examples: readonly string[]
  /** More to say in the help, after the options. */
  readonly notes?: string
  /** Whether it does without a connection, so that `--server` would be a mistake. */
  readonly isOffline?: boolean
  /** Adds arguments and options. */
  readonly describe: (command: Command) => void
  /** Resolves with an exit code; without one: 0. */
  readonly run: (
    context: CommandContext,
    args: readonly unknown[],
    options: unknown,
  ) => Promise<number | void>
}

interface TypedCommand<Args extends readonly unknown[], Options> extends Omit<CommandDefinition, 'run'> {
  run(context: CommandContext, args: Args, options: Options): Promise<number | void>
}

/** Why the cast: `describe` is what says the types of arguments and options, and only commander reads it. */
export function defineCommand<Args extends readonly unknown[], Options = Record<string, never>>(
  command: TypedCommand<Args, Options>,
): CommandDefinition {
  return {
    ...command,
    run: (context, args, options) => command.run(context, args as Args, options as Options),
  }
}
