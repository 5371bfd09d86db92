// Tables of the flow state keep each of their fields in an array of its own, a column.

type Column =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

/** Fills a column of another size with what there is of the old one. */
export function resized<C extends Column>(from: C, to: C): C {
  to.set(from.length > to.length ? from.subarray(0, to.length) : from)
  return to
}
