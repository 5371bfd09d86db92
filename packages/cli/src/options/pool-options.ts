// Which subjects of a consumer to show, and how many, for `consumer info` and `consumer pools`.

import type { PoolOrder } from '@sluice/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import { integer } from './number-options.ts'

export interface PoolOptions {
  readonly top: number
  readonly by: PoolOrder
}

const topMax = 1_000

export function describePoolOptions(command: Command, topMin: number, topDefault: number): Command {
  return command
    .option('--top <count>', 'how many subjects to show', integer(topMin, topMax), topDefault)
    .addOption(
      new Option('--by <order>', 'which subjects come first')
        .choices(['parked', 'inflight', 'oldest'])
        .default('parked'),
    )
}
