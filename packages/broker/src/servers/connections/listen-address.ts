// Where doors listen.

export interface ListenAddress {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** Whether other listeners of this process share the port, which then go round. */
  readonly isShared?: boolean
}

/** One address that the Kafka door listens at, and what clients are told instead where that differs. */
export interface KafkaEndpoint {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly advertised?: ListenAddress | undefined
}

/** A node as Kafka clients are told of it. */
export interface KafkaNode {
  readonly node: number
  readonly host: string
  readonly port: number
}

/** Where one door of one of several nodes listens. */
export interface OwnAndFront {
  readonly own: ListenAddress
  /** The one that all nodes share. */
  readonly front: ListenAddress
}

/** Of all doors of one of several nodes. */
export interface DoorAddresses {
  readonly native: OwnAndFront
  /** One for each address that Kafka clients may use. */
  readonly kafka: readonly OwnAndFront[]
}
