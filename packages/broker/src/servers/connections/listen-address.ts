// Where a door listens.

export interface ListenAddress {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** Whether other listeners of this process share the port, which then go round. */
  readonly isShared?: boolean
}
