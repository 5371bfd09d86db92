// What a message says: which one of its tenant it is, when it was sent, and whether it is part of a burst.

export interface Payload {
  /** Counts the messages of a tenant, from 1. */
  readonly sequence: number
  /** Milliseconds since the demo began. */
  readonly sentMs: number
  readonly isBurst: boolean
}

export function encodePayload({ sequence, sentMs, isBurst }: Payload): string {
  return JSON.stringify({ sequence, sentMs, isBurst })
}

export function decodePayload(bytes: Uint8Array): Payload {
  return JSON.parse(new TextDecoder().decode(bytes)) as Payload
}
