import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advertisedNode, checkEndpoints, KafkaAddresses, ownPort } from './kafka-addresses.ts'

const endpoint = { host: '127.0.0.1', port: 9092 }
const advertised = { host: 'broker.test', port: 19_092 }

test('a node is told of as it listens, or as it is advertised', () => {
  const bound = { host: '127.0.0.1', port: 4711 }
  assert.deepEqual(advertisedNode(endpoint, 1, 3, bound), { node: 1, ...bound })
  assert.deepEqual(advertisedNode({ ...endpoint, advertised }, 0, 1, bound), { node: 0, ...advertised })
  const nodes = [0, 1, 2].map((node) => advertisedNode({ ...endpoint, advertised }, node, 3, bound).port)
  assert.deepEqual(nodes, [19_093, 19_094, 19_095])
  assert.equal(ownPort(0, 2, 3), 0, 'the system chooses')
})

test('an address that clients cannot use has to be advertised otherwise', () => {
  for (const host of ['0.0.0.0', '::']) {
    assert.throws(() => checkEndpoints([{ host, port: 1 }]), { code: 'invalid-config' })
    assert.throws(() => checkEndpoints([{ ...endpoint, advertised: { host, port: 1 } }]), {
      code: 'invalid-config',
    })
    checkEndpoints([{ host, port: 1, advertised }])
  }
  checkEndpoints([endpoint])
})

test('who asks before the nodes are known is answered when they are', async () => {
  const addresses = new KafkaAddresses()
  const asked = addresses.nodes(1)
  const nodes = [{ node: 0, host: 'h', port: 1 }]
  addresses.set([[], nodes])
  assert.deepEqual(await asked, nodes)
  assert.deepEqual(await addresses.nodes(7), [])
})
