// Times that people give, as ISO 8601. Pure.

/** A day, or a time with its zone: without one it would mean something else on another machine. */
const isoForm = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/

/** Milliseconds since 1970; undefined where the text is no such time. */
export function parseTime(text: string): number | undefined {
  if (!isoForm.test(text)) return undefined
  const timeMs = Date.parse(text)
  return Number.isNaN(timeMs) ? undefined : timeMs
}
