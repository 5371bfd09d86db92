// What every kind of channel must do; the tests of the real ones and of those in memory run it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, ChannelEnd, Threads } from './threads.ts'

class Heard {
  readonly messages: unknown[] = []
  readonly ends: ChannelEnd[] = []
  readonly #waiting = new Set<() => void>()
  closedCount = 0

  on(channel: Channel): this {
    channel.start({
      received: (message, end) => {
        this.messages.push(message)
        if (end !== undefined) this.ends.push(end)
        this.#tell()
      },
      closed: () => {
        this.closedCount++
        this.#tell()
      },
    })
    return this
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

export function channelContract(kind: string, threads: () => Threads): void {
  const opened = (): [Channel, Channel, Threads] => {
    const world = threads()
    const [one, other] = world.channel()
    return [world.open(one), world.open(other), world]
  }

  test(`${kind}: messages arrive in order, also early ones, and never at once`, async () => {
    const [one, other] = opened()
    one.post({ at: 1 })
    const heard = new Heard().on(other)
    one.post({ at: 2 })
    assert.deepEqual(heard.messages, [])
    await heard.until(() => heard.messages.length === 2)
    assert.deepEqual(heard.messages, [{ at: 1 }, { at: 2 }])
    one.close()
    await heard.until(() => heard.closedCount === 1)
  })

  test(`${kind}: a message is a copy, and a given buffer is gone`, async () => {
    const [one, other] = opened()
    const heard = new Heard().on(other)
    const kept = new Uint8Array([1, 2, 3])
    const given = new Uint8Array([4, 5])
    one.post({ kept, given }, { buffers: [given.buffer] })
    assert.equal(given.length, 0)
    kept[0] = 9
    await heard.until(() => heard.messages.length === 1)
    const { kept: first, given: second } = heard.messages[0] as { kept: Uint8Array; given: Uint8Array }
    assert.deepEqual([...first, ...second], [1, 2, 3, 4, 5])
    one.close()
  })

  test(`${kind}: an end can be given through a channel, with what waits in it`, async () => {
    const [one, other, world] = opened()
    const [near, far] = world.channel()
    const nearChannel = world.open(near)
    nearChannel.post('early')
    const heard = new Heard().on(other)
    one.post('take this', { end: far })
    await heard.until(() => heard.ends.length === 1)
    const through = new Heard().on(world.open(heard.ends[0]!))
    await through.until(() => through.messages.length === 1)
    assert.deepEqual(through.messages, ['early'])
    one.close()
    nearChannel.close()
  })

  test(`${kind}: both ends hear of the close once, after the last message`, async () => {
    const [one, other] = opened()
    const ours = new Heard().on(one)
    const theirs = new Heard().on(other)
    one.post('last')
    one.close()
    one.post('too late')
    await theirs.until(() => theirs.closedCount > 0)
    await ours.until(() => ours.closedCount > 0)
    other.post('too late')
    other.close()
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(theirs.messages, ['last'])
    assert.deepEqual([ours.closedCount, theirs.closedCount], [1, 1])
  })
}
