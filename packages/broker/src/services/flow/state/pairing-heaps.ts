// Priority queues over the rows of a table, lowest key first: many heaps in four shared columns, each known
// by its root row. A row is in at most one heap. Adding is O(1), taking one out O(log n) amortised.

import { resized } from './columns.ts'

const none = -1
/** Rows that empty columns keep, for the next time. */
const rowsKept = 4096

export class PairingHeaps {
  /** By row: what it is ordered by while it is in a heap. */
  key = new Float64Array(0)
  #child = new Int32Array(0)
  #sibling = new Int32Array(0)
  /** The sibling before, or the parent of a first child; -1: a root. */
  #previous = new Int32Array(0)
  /** Rows in all heaps. */
  #count = 0

  /** Adds a row, which is in no heap, to the heap of `root` (-1: an empty one); returns the new root. */
  add(root: number, row: number, key: number): number {
    if (row >= this.key.length) this.#resize(Math.max(64, this.key.length * 2, row + 1))
    this.key[row] = key
    this.#child[row] = this.#sibling[row] = this.#previous[row] = none
    this.#count++
    return root === none ? row : this.#link(root, row)
  }

  /** Takes a row out of the heap of `root`; returns the new root, -1 where nothing is left. */
  remove(root: number, row: number): number {
    const children = this.#pairUp(this.#child[row]!)
    if (--this.#count === 0 && this.key.length > rowsKept) {
      this.#resize(0)
      return none
    }
    if (row === root) return children
    this.#cut(row)
    return children === none ? root : this.#link(root, children)
  }

  /** Calls back with every row of a heap, in no order. */
  forEach(root: number, visit: (row: number) => void): void {
    const open = root === none ? [] : [root]
    for (let row = open.pop(); row !== undefined; row = open.pop()) {
      visit(row)
      for (let child = this.#child[row]!; child !== none; child = this.#sibling[child]!) open.push(child)
    }
  }

  /** The root with the higher key becomes the first child of the other, which is returned. */
  #link(a: number, b: number): number {
    const isBelow = this.key[b]! < this.key[a]!
    const parent = isBelow ? b : a
    const child = isBelow ? a : b
    const first = this.#child[parent]!
    this.#sibling[child] = first
    if (first !== none) this.#previous[first] = child
    this.#previous[child] = parent
    this.#child[parent] = child
    this.#previous[parent] = this.#sibling[parent] = none
    return parent
  }

  /** Takes a row that is no root out of the chain of its siblings. */
  #cut(row: number): void {
    const before = this.#previous[row]!
    const after = this.#sibling[row]!
    if (this.#child[before] === row) this.#child[before] = after
    else this.#sibling[before] = after
    if (after !== none) this.#previous[after] = before
  }

  /** Makes one heap of a chain of siblings: two by two from the first, then all from the last. */
  #pairUp(first: number): number {
    let pairs = none
    for (let a = first; a !== none;) {
      const b = this.#sibling[a]!
      const next = b === none ? none : this.#sibling[b]!
      const pair = b === none ? a : this.#link(a, b)
      this.#sibling[pair] = pairs
      pairs = pair
      a = next
    }
    let root = none
    while (pairs !== none) {
      const next = this.#sibling[pairs]!
      root = root === none ? pairs : this.#link(root, pairs)
      pairs = next
    }
    if (root !== none) this.#previous[root] = this.#sibling[root] = none
    return root
  }

  #resize(size: number): void {
    this.key = resized(this.key, new Float64Array(size))
    this.#child = resized(this.#child, new Int32Array(size))
    this.#sibling = resized(this.#sibling, new Int32Array(size))
    this.#previous = resized(this.#previous, new Int32Array(size))
  }
}
