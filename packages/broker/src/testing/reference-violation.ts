// A claim that a history has refuted.

export class Violation extends Error {
  constructor(claim: string) {
    super(claim)
    this.name = 'Violation'
  }
}
