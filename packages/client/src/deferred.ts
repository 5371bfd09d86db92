// A promise together with its ends.

const noop = (): void => {}

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

/** For a promise that nobody has to await: its rejection is never reported as unhandled. */
export function optionallyAwaited<T>(): Deferred<T> {
  const made = Promise.withResolvers<T>()
  made.promise.catch(noop)
  return made
}

/** Rejects without a report when nobody awaits it. */
export function rejectedQuietly(error: Error): Promise<never> {
  const rejected = Promise.reject<never>(error)
  rejected.catch(noop)
  return rejected
}
