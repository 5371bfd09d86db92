// Which handler answers which opcode. HELLO is not here: it is answered by the connection, once.

import { opcodes } from '@sluice/protocol/native/frame'
import { handleCall } from './handlers/call.ts'
import { handlePing } from './handlers/ping.ts'
import { handlePublish } from './handlers/publish.ts'
import { handlePull } from './handlers/pull.ts'
import { handleRead } from './handlers/read.ts'
import { handleSettle } from './handlers/settle.ts'
import { handleSetWindow } from './handlers/set-window.ts'
import { handleSubscribe } from './handlers/subscribe.ts'
import { handleUnsubscribe } from './handlers/unsubscribe.ts'
import type { Handler } from './native-session.ts'

/** By opcode. */
export const handlers: readonly (Handler | undefined)[] = tableOf([
  [opcodes.ping, handlePing],
  [opcodes.call, handleCall],
  [opcodes.publish, handlePublish],
  [opcodes.read, handleRead],
  [opcodes.subscribe, handleSubscribe],
  [opcodes.setWindow, handleSetWindow],
  [opcodes.pull, handlePull],
  [opcodes.unsubscribe, handleUnsubscribe],
  [opcodes.settle, handleSettle],
])

function tableOf(rows: readonly (readonly [number, Handler])[]): (Handler | undefined)[] {
  const table = Array.from<Handler | undefined>({ length: 256 })
  for (const [opcode, handler] of rows) table[opcode] = handler
  return table
}
