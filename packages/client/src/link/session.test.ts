// Correlations of one connection: they wrap, and never meet one that still waits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opcodes } from '@sluice/protocol/native/frame'
import { ScriptedBroker, until } from '../testing/scripted-broker.contract.ts'
import { nodePlatform } from '../transport/node-platform.ts'
import { PendingRequest } from './pending-request.ts'
import { Session } from './session.ts'

const unused = (): never => assert.fail('nothing of the kind was sent')

test('correlations wrap past 2^32 - 1 to 1, and skip those that wait', async (t) => {
  const broker = await ScriptedBroker.start(
    ({ correlation }) => correlation === 0xffff_ffff || correlation === 1,
  )
  t.after(() => broker.close())
  const connection = await nodePlatform.connect('127.0.0.1', broker.port)
  const handler = { delivered: unused, subscriptionEnded: unused, closed: () => {} }
  const session = new Session(connection, nodePlatform, handler, 0xffff_fffd)
  const send = (): PendingRequest<number> => {
    const spec = {
      opcode: opcodes.unsubscribe,
      isRepeatable: false,
      sizeBytes: 0,
      encode: () => {},
      decode: () => 7,
    }
    const request = new PendingRequest(spec, 0, () => {})
    session.send(request as PendingRequest<unknown>)
    return request
  }
  const requests = [send(), send(), send(), send()]
  await until(() => broker.requests.length === 4)
  assert.deepEqual(
    broker.requests.map(({ correlation }) => correlation),
    [0xffff_fffe, 0xffff_ffff, 1, 2],
  )
  assert.deepEqual([await requests[0]!.promise, await requests[3]!.promise], [7, 7])
  assert.deepEqual(
    requests.map(({ isOver }) => isOver),
    [true, false, false, true],
  )
  connection.destroy()
})
