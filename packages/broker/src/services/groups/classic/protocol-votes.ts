// Which protocols all members of a group offer, which of these most of them prefer, and what it costs to keep
// what they say.

import { memberBytesOf } from '../group-messages.ts'
import type { MemberProtocol } from '../group-messages.ts'

type Voter = Parameters<typeof memberBytesOf>[0]

export class ProtocolVotes {
  /** About what is kept of all members. */
  bytes = 0
  readonly #offers = new Map<string, number>()

  add(member: Voter): void {
    this.bytes += memberBytesOf(member)
    const { protocols } = member
    for (const name of namesOf(protocols)) this.#offers.set(name, (this.#offers.get(name) ?? 0) + 1)
  }

  /** It must be as it was when it was added. */
  remove(member: Voter): void {
    this.bytes -= memberBytesOf(member)
    const { protocols } = member
    for (const name of namesOf(protocols)) {
      const left = this.#offers.get(name)! - 1
      if (left === 0) this.#offers.delete(name)
      else this.#offers.set(name, left)
    }
  }

  /** Whether one of these is offered by all of so many members. */
  isAnyCommon(protocols: readonly MemberProtocol[], memberCount: number): boolean {
    return protocols.some(({ name }) => this.#offers.get(name) === memberCount)
  }

  /** Each member votes for the first of its own that all offer; the earliest wins a tie. */
  select(members: readonly { readonly protocols: readonly MemberProtocol[] }[]): string {
    const votes = new Map<string, number>()
    for (const { protocols } of members) {
      const choice = protocols.find(({ name }) => this.#offers.get(name) === members.length)
      if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
    }
    let selected = ''
    for (const [name, count] of votes) if (count > (votes.get(selected) ?? 0)) selected = name
    return selected
  }
}

function namesOf(protocols: readonly MemberProtocol[]): Set<string> {
  return new Set(protocols.map(({ name }) => name))
}
