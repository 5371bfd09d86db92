// Turns a position in a text into a line number.

export class LineIndex {
  readonly starts: number[] = [0]

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1)
  }

  /** 1-based. */
  at(position: number): number {
    let low = 0
    let high = this.starts.length
    while (low + 1 < high) {
      const middle = (low + high) >> 1
      if (this.starts[middle]! <= position) low = middle
      else high = middle
    }
    return low + 1
  }
}
