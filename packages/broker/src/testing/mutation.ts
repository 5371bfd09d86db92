// What a deliberate mistake is.

import type { Io } from '../io/io.ts'
import type { SimIo } from './sim-io.ts'

export interface Mutation {
  readonly what: string
  /** Changes the broker's code in this process; there is no way back. */
  readonly apply?: () => void
  /** The world as the broker is to see it. */
  readonly asSeen?: (io: SimIo) => Io
}
