// Counts tests over all suites, and keeps the names that a reader needs at the end.

/** The part of node:test's event that is counted. */
export interface TestEvent {
  readonly name: string
  /** The test file, relative to the root. */
  readonly suite: string
  readonly details: { readonly type?: string | undefined }
  readonly skip?: string | boolean | undefined
  readonly todo?: string | boolean | undefined
}

export interface Skip {
  readonly name: string
  readonly reason: string
}

export class Tally {
  passed = 0
  failed = 0
  readonly skips: Skip[] = []
  readonly failures: string[] = []

  pass(event: TestEvent): void {
    if (this.#isSkipped(event)) return
    if (event.details.type === 'suite') return
    // A file without tests is reported as one passed test that has the name of the file.
    if (event.name.endsWith(event.suite)) this.#addFailure(`${event.suite}: has no tests`)
    else this.passed++
  }

  fail(event: TestEvent): void {
    // A describe block fails because a test in it did, and that test is counted.
    if (event.details.type === 'suite' || this.#isSkipped(event)) return
    this.#addFailure(event.name.endsWith(event.suite) ? event.suite : `${event.suite}: ${event.name}`)
  }

  /** A run that failed although none of its tests did: a hook outside of them threw. */
  failQuietly(suites: readonly string[]): void {
    const isExplained = this.failures.some((name) => suites.some((suite) => name.startsWith(suite)))
    if (!isExplained) this.#addFailure(`${suites.join(', ')}: failed outside of the tests`)
  }

  skipSuite(suite: string, reason: string): void {
    this.skips.push({ name: suite, reason })
  }

  summary(): string {
    return `${this.passed} passed, ${this.failed} failed, ${this.skips.length} skipped`
  }

  #addFailure(name: string): void {
    this.failed++
    this.failures.push(name)
  }

  #isSkipped({ name, suite, skip, todo }: TestEvent): boolean {
    // node:test gives a reason, an empty text or true for a skipped test, and nothing for one that ran.
    const given = skip ?? todo
    if (given === undefined || given === false) return false
    const reason = typeof given === 'string' && given !== '' ? given : 'no reason given'
    this.skips.push({ name: `${suite}: ${name}`, reason })
    return true
  }
}
