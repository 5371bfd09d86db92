// Puts something around a method of a class, in the process of a test: to look on, or to get it wrong.

/** `wrap` gets the method as it is; call it with `original.call(this, …)`. */
export function wrapMethod<T extends object, K extends keyof T>(
  target: T,
  name: K,
  wrap: (original: T[K]) => T[K],
): void {
  target[name] = wrap(target[name])
}
