// For requests that wait for other clients: nobody waits for a broker that stops, nor for a client that left.

export function untilStopped<T>(signal: AbortSignal, pending: Promise<T>, otherwise: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => resolve(otherwise())
    signal.addEventListener('abort', stopped)
    if (signal.aborted) stopped()
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', stopped))
  })
}
