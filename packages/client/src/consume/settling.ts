// What a settle returns: stands for a promise that is made when somebody waits for it. Most settles are never
// waited for, and a promise for each of them was a quarter of a consuming client's time. Those who wait share
// the promise of their frame, and look up what became of theirs when it is decided.

import type { DeliveredPlace, SettleFrame } from './settle-frame.ts'

export class Settling implements Promise<void> {
  readonly #frame: SettleFrame
  readonly #index: number
  readonly #place: DeliveredPlace

  constructor(frame: SettleFrame, index: number, place: DeliveredPlace) {
    this.#frame = frame
    this.#index = index
    this.#place = place
  }

  get [Symbol.toStringTag](): string {
    return 'Settling'
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is made to be awaited
  then<R = void, E = never>(
    onFulfilled?: ((value: void) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.#frame.decided.then((): R | E | PromiseLike<R | E> => {
      const failure = this.#frame.failureOf(this.#index, this.#place)
      if (failure === undefined) return onFulfilled ? onFulfilled() : (undefined as R)
      if (onRejected) return onRejected(failure)
      throw failure
    })
  }

  catch<E = never>(onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null): Promise<void | E> {
    return this.then(undefined, onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<void> {
    return this.then(undefined).finally(onFinally)
  }
}
