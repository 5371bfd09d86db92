// Finds a server that answers: tries one after the other, with growing waits, until it is stopped.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { protocolVersion, readWelcome, writeHello } from '@sluice/protocol/native/handshake'
import type { Welcome } from '@sluice/protocol/native/handshake'
import type { ClientSettings } from '../client-options.ts'
import type { ClientPlatform } from '../transport/platform.ts'
import { PendingRequest } from './pending-request.ts'
import { reconnectDelayMs } from './reconnect-delay.ts'
import type { ServerAddress } from './server-address.ts'
import { Session } from './session.ts'
import type { SessionHandler } from './session.ts'

const nothing = (): void => {}
/** How long one server may take to answer a client that had a connection before. */
const reconnectTryMs = 5_000
/** The least that a server gets, however many there are to be tried in `connectTimeoutMs`. */
const firstTryMsMin = 1_000

export interface Dialed {
  readonly session: Session
  readonly server: ServerAddress
}

export class Dialer {
  readonly #platform: ClientPlatform
  readonly #settings: ClientSettings
  readonly #handler: SessionHandler
  /** The last reason of each server that did not answer. */
  readonly #reasons = new Map<ServerAddress, Error>()
  /** Servers that were learned of later, to be tried as well. */
  #learned: readonly ServerAddress[] = []
  #nextServer: number
  #isStopped = false
  #hasAnswered = false
  /** Ends the wait or the try under way. */
  #interrupt: () => void = nothing

  constructor(platform: ClientPlatform, settings: ClientSettings, handler: SessionHandler) {
    this.#platform = platform
    this.#settings = settings
    this.#handler = handler
    this.#nextServer = platform.randomU32() % settings.servers.length
  }

  /** Each server that was tried, and why it is not the one. */
  get reasons(): string {
    const parts = [...this.#reasons].map(([server, { message }]) => `${server.text} (${message})`)
    return parts.length === 0 ? 'no server was tried yet' : parts.join('; ')
  }

  /** The refusal that all servers agree on by answering and saying no; trying again cannot help. */
  get refusal(): BrokerError | undefined {
    const reasons = [...this.#reasons.values()]
    if (reasons.length < this.#settings.servers.length || !reasons.every(isRefusal)) return undefined
    return reasons[0] as BrokerError
  }

  /** Where else a broker of the same cluster is to be found. */
  learn(servers: readonly ServerAddress[]): void {
    const known = new Set(this.#settings.servers.map(({ text }) => text))
    this.#learned = servers.filter(({ text }) => !known.has(text))
  }

  /**
   * The first server that answers. `round` is how many tries failed shortly before: 0 starts without a wait.
   * `failed` hears of every try that failed. Undefined when stopped.
   */
  async dial(round: number, failed: () => void): Promise<Dialed | undefined> {
    const { reconnect } = this.#settings
    for (let attempt = round; !this.#isStopped; attempt++) {
      const servers = [...this.#settings.servers, ...this.#learned]
      if (attempt > 0) {
        const rounds = Math.floor((attempt - 1) / servers.length)
        await this.#sleep(reconnectDelayMs(reconnect, rounds, this.#platform.randomU32()))
        if (this.#isStopped) break
      }
      const server = servers[this.#nextServer++ % servers.length]!
      try {
        const session = await this.#attempt(server)
        this.#reasons.clear()
        this.#hasAnswered = true
        return { session, server }
      } catch (error) {
        this.#reasons.set(server, error as Error)
        failed()
      }
    }
    return undefined
  }

  stop(): void {
    this.#isStopped = true
    this.#interrupt()
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#platform.after(ms, resolve)
      this.#interrupt = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  /** Connects to one server and shakes hands, both within the time that one server may take. */
  #attempt(server: ServerAddress): Promise<Session> {
    const attempt = Promise.withResolvers<Session>()
    let isOver = false
    let session: Session | undefined
    const fail = (error: Error): void => {
      isOver = true
      timer.cancel()
      attempt.reject(error)
      session?.destroy(asBrokerError(error))
    }
    const waitMs = this.#tryMs()
    const timer = this.#platform.after(waitMs, () => fail(new Error(`no answer within ${waitMs} ms`)))
    this.#interrupt = () => fail(new BrokerError('client-closed', 'The client was closed'))
    this.#platform.connect(server.host, server.port).then((connection) => {
      if (isOver) return connection.destroy()
      session = new Session(
        connection,
        this.#platform,
        this.#guarded(() => isOver, fail),
      )
      this.#greet(session).then((welcome) => {
        if (isOver) return
        isOver = true
        timer.cancel()
        session!.open(welcome)
        attempt.resolve(session!)
      }, fail)
    }, fail)
    return attempt.promise
  }

  /**
   * Why two bounds: `connectTimeoutMs` says how long the first connection may take, and no more than that.
   */
  #tryMs(): number {
    if (this.#hasAnswered) return reconnectTryMs
    const { connectTimeoutMs, servers } = this.#settings
    return Math.max(firstTryMsMin, Math.ceil(connectTimeoutMs / servers.length))
  }

  /**
   * Until the handshake is done, the end of the connection is the end of the try and nobody else's business.
   */
  #guarded(isOver: () => boolean, fail: (error: Error) => void): SessionHandler {
    const handler = this.#handler
    return {
      delivered: (session, bytes, start, end) => handler.delivered(session, bytes, start, end),
      subscriptionEnded: (session, ended) => handler.subscriptionEnded(session, ended),
      closed: (session, reason, unanswered) => {
        if (session.welcome !== undefined) return handler.closed(session, reason, unanswered)
        if (!isOver()) fail(reason)
        for (const request of unanswered) request.fail(reason)
      },
    }
  }

  #greet(session: Session): Promise<Welcome> {
    const { keepAliveMs, name: clientName } = this.#settings
    const hello = { versionMin: protocolVersion, versionMax: protocolVersion, keepAliveMs, clientName }
    const request = new PendingRequest<Welcome>(
      {
        opcode: opcodes.hello,
        isRepeatable: false,
        sizeBytes: 0,
        encode: (writer) => writeHello(writer, hello),
        decode: readOurWelcome,
      },
      0,
      nothing,
    )
    session.send(request as PendingRequest<unknown>)
    return request.promise
  }
}

function readOurWelcome(reader: ByteReader): Welcome {
  const welcome = readWelcome(reader)
  if (welcome.version === protocolVersion) return welcome
  throw new BrokerError('unsupported-version', `The broker chose version ${welcome.version} of the protocol`)
}

function isRefusal(reason: Error): boolean {
  return reason instanceof BrokerError && (reason.kind === 'violation' || reason.kind === 'denied')
}

function asBrokerError(error: Error): BrokerError {
  return error instanceof BrokerError
    ? error
    : new BrokerError('disconnected', error.message, { cause: error })
}
