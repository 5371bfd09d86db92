// What has happened in a run: a hash of all of it, and the last events in words.

const recentMax = 30

/** Two FNV-1a hashes of 32 bits with different starts, over times and labels. */
export class SimTrace {
  #one = 0x811c9dc5
  #other = 0x2f9b1d35
  readonly #time = new Float64Array(1)
  readonly #timeWords = new Uint32Array(this.#time.buffer)
  readonly #recent: string[] = []

  add(timeMs: number, label: string): void {
    this.#time[0] = timeMs
    this.#mix(this.#timeWords[0])
    this.#mix(this.#timeWords[1])
    for (let index = 0; index < label.length; index += 1) this.#mix(label.charCodeAt(index))
    this.#recent.push(`${timeMs.toFixed(3)} ${label}`)
    if (this.#recent.length > 2 * recentMax) this.#recent.splice(0, recentMax)
  }

  get hash(): string {
    return hex(this.#one) + hex(this.#other)
  }

  get recent(): readonly string[] {
    return this.#recent.slice(-recentMax)
  }

  #mix(value: number): void {
    this.#one = Math.imul(this.#one ^ value, 0x01000193)
    this.#other = Math.imul(this.#other ^ value, 0x01000193) + 0x9e37
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
