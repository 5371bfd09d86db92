// Whole numbers, durations and sizes of the command line. Each parser throws what makes commander
// name the option.

import { InvalidArgumentError } from 'commander'
import { durationText } from '../output/values.ts'

type Parse<Value> = (text: string) => Value

/** A whole number within its bounds. */
export function integer(min: number, max: number): Parse<number> {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

/** A number within its bounds, such as `0.5`. */
export function decimal(min: number, max: number): Parse<number> {
  return (text) => {
    const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`)
  }
}

const durationUnitsMs: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Milliseconds from `500`, `500ms`, `30s`, `1.5m`, `2h`, `1d`. */
export function duration(minMs: number, maxMs: number): Parse<number> {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(text)
    if (match === null) throw new InvalidArgumentError('Write a duration such as 500ms, 30s or 5m.')
    const ms = Math.round(Number(match[1]) * durationUnitsMs[match[2]!]!)
    if (ms >= minMs && ms <= maxMs) return ms
    throw new InvalidArgumentError(`It must be from ${durationText(minMs)} to ${durationText(maxMs)}.`)
  }
}

/** Several durations, separated by commas; `none` for no one. */
export function durations(maxMs: number, countMax: number): Parse<number[]> {
  const one = duration(0, maxMs)
  return (text) => {
    if (text === 'none') return []
    const parts = text.split(',')
    if (parts.length > countMax) throw new InvalidArgumentError(`There must be at most ${countMax}.`)
    return parts.map((part) => one(part.trim()))
  }
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kib: 1024,
  k: 1024,
  kb: 1000,
  mib: 1024 ** 2,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  gib: 1024 ** 3,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  tib: 1024 ** 4,
  t: 1024 ** 4,
  tb: 1000 ** 4,
}

/** Bytes from `1048576`, `64KiB`, `1MiB`, `2mb`, `10GiB`. */
export function size(minBytes: number, maxBytes: number): Parse<number> {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(text)
    const unit = sizeUnits[match?.[2]?.toLowerCase() ?? '']
    if (match === null || unit === undefined)
      throw new InvalidArgumentError('Write a size such as 4096, 64KiB or 1MiB.')
    const bytes = Math.round(Number(match[1]) * unit)
    if (bytes >= minBytes && bytes <= maxBytes) return bytes
    throw new InvalidArgumentError(`It must be from ${minBytes} to ${maxBytes} bytes.`)
  }
}
