// A row of the table of Kafka's requests: who answers one of them, and how.

import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import type { KafkaHandler } from './kafka-session.ts'

export interface HandlerRow {
  readonly api: KafkaApi<unknown, unknown>
  readonly handle: KafkaHandler<unknown, unknown>
  /**
   * Begins while others of its kind are in progress. Any other request begins when all before it are
   * answered, and the next only when it is: as Kafka has it.
   */
  readonly overlaps: boolean
  /** The answer to a request that failed as a whole. Without it the connection ends then. */
  readonly refuse: ((request: unknown, errorCode: number, version: number) => unknown) | undefined
}

interface RowOptions<Request, Response> {
  readonly overlaps?: boolean
  readonly refuse?: (request: Request, errorCode: number, version: number) => Response
}

export function row<Request, Response>(
  api: KafkaApi<Request, Response>,
  handle: KafkaHandler<Request, Response>,
  { overlaps = false, refuse }: RowOptions<Request, Response> = {},
): HandlerRow {
  // Why cast: a row reads the request that its handler gets, which the table's type cannot say.
  return { api, handle, overlaps, refuse } as unknown as HandlerRow
}

/** The rows, and what is asked of them. */
export class HandlerTable {
  readonly apis: readonly KafkaApi<unknown, unknown>[]
  readonly #byKey: ReadonlyMap<number, HandlerRow>

  constructor(rows: readonly HandlerRow[]) {
    this.apis = rows.map(({ api }) => api)
    this.#byKey = new Map(rows.map((each) => [each.api.key, each]))
  }

  find(key: number): HandlerRow | undefined {
    return this.#byKey.get(key)
  }
}
