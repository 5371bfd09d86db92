// Finds what belongs to a subject that was given literally, by the subject's bytes. The hash finds the
// candidates, the bytes decide. Why: there may be a thousand rules, or pauses, of one subject each.

import { isSameBytes } from '@sluice/protocol/subject/byte-pattern'
import { hashKey } from './key-index.ts'

interface LiteralKey<Value> {
  readonly key: Uint8Array
  readonly value: Value
}

export class LiteralKeys<Value> {
  readonly #byHash = new Map<number, LiteralKey<Value>[]>()

  add(subject: string, value: Value): void {
    const key = Buffer.from(subject)
    const hash = hashKey(key, 0, key.length)
    const sameHash = this.#byHash.get(hash)
    if (sameHash === undefined) this.#byHash.set(hash, [{ key, value }])
    else sameHash.push({ key, value })
  }

  /** What was added for the subject `bytes[start, end)`. */
  find(bytes: Uint8Array, start: number, end: number): Value | undefined {
    if (this.#byHash.size === 0) return undefined
    const candidates = this.#byHash.get(hashKey(bytes, start, end))
    if (candidates === undefined) return undefined
    for (const { key, value } of candidates) if (isSameBytes(key, bytes, start, end)) return value
    return undefined
  }
}
