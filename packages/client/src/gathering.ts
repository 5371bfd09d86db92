// Runs an action once for many calls that come close together, without a timer: the action waits until a few
// rounds of the microtask queue have passed in which nothing more came. So all that a program does before it
// waits for input goes out together, and a single call that is awaited loses well under a microsecond.

/** Enough for a loop that awaits an async function or two between its calls. */
const quietRoundsMin = 8

export class Gathering {
  readonly #action: () => void
  #quietRounds = 0
  #isScheduled = false

  constructor(action: () => void) {
    this.#action = action
  }

  /** One more call came. */
  touch(): void {
    this.#quietRounds = 0
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(this.#round)
  }

  readonly #round = (): void => {
    this.#quietRounds++
    if (this.#quietRounds < quietRoundsMin) return queueMicrotask(this.#round)
    this.#isScheduled = false
    this.#action()
  }
}
