import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROPERTIES } from './properties.ts'
import { environmentName, flagName } from './property.ts'
import { environmentSource, fileSource, propertyNames, readConfig, readLimits } from './read-config.ts'
import { readKafkaListen, readListenAddress, readServeArguments, serveHelp } from './serve-arguments.ts'

test('the later source wins', () => {
  const file = fileSource('a.yaml', 'dataDir: /file\nlisten: 127.0.0.1:1\nsegmentBytes: 100000\n')
  const { source } = environmentSource({ SLUICE_LISTEN: '127.0.0.1:2', SLUICE_SEGMENT_BYTES: '200000' })
  const { flags } = readServeArguments(['--segment-bytes', '300000'])
  const config = readConfig([file, source, flags])
  assert.deepEqual([config.dataDir, config.listen, config.segmentBytes], ['/file', '127.0.0.1:2', 300_000])
  assert.equal(config.name, 'sluice')
})

test('all defaults are within their own bounds', () => {
  const config = readConfig([])
  assert.deepEqual(readConfig([{ from: 'itself', values: config }]), config)
})

for (const [yaml, text] of [
  ['segmentBite: 5', /no property segmentBite \(in a\.yaml\); perhaps segmentBytes is meant/],
  ['colour: red', /no property colour \(in a\.yaml\)\. /],
  ['segmentBytes: lots', /segmentBytes is "lots" \(in a\.yaml\), but must be a whole number from 65536 to/],
  ['segmentBytes: 1', /segmentBytes is 1 /],
  ['segmentBytes: 70000.5', /segmentBytes is 70000\.5/],
  ['logLevel: loud', /must be one of debug, info, warn, error/],
  ['name: ""', /name is ""/],
  ['name: 5', /name is 5 .*must be a text/],
  ['- a', /a\.yaml is no list of properties/],
  ['a: [', /a\.yaml is no YAML/],
  ['__proto__: 5', /no property __proto__/],
  [
    'keepAliveMsMin: 5000\nkeepAliveMsMax: 4000',
    /keepAliveMsMin is 5000, more than keepAliveMsMax, which is 4000/,
  ],
] as const) {
  test(`refuses the file ${JSON.stringify(yaml)}`, () => {
    assert.throws(() => readConfig([fileSource('a.yaml', yaml)]), { code: 'invalid-config', message: text })
  })
}

test('an empty file says nothing', () => {
  assert.deepEqual(readConfig([fileSource('a.yaml', '')]), readConfig([]))
})

test('variables of others are left alone, likely typos named', () => {
  const { source, typos } = environmentSource({
    SLUICE_SERVICE_HOST: '10.0.0.1',
    SLUICE_PORT_9898_TCP: 'tcp://10.0.0.1:9898',
    SLUICE_DATADIR: '/x',
    PATH: '/bin',
  })
  assert.deepEqual(source.values, {})
  assert.deepEqual(typos, ['SLUICE_DATADIR is no property; perhaps SLUICE_DATA_DIR is meant'])
})

test('flags take their value after them or after an equals sign', () => {
  const { flags, configPath } = readServeArguments([
    '--data-dir=/a=b',
    '--listen',
    '[::1]:5',
    '--json',
    '--config',
    'c',
  ])
  assert.deepEqual(flags.values, { dataDir: '/a=b', listen: '[::1]:5', logFormat: 'json' })
  assert.equal(configPath, 'c')
  assert.equal(readServeArguments(['-h']).isHelpWanted, true)
})

for (const [args, text] of [
  [['--data-dri', 'x'], /no flag --data-dri; perhaps --data-dir is meant/],
  [['--colour'], /no flag --colour\. /],
  [['extra'], /no flag extra/],
  [['--data-dir'], /--data-dir needs a value/],
] as const) {
  test(`refuses ${args.join(' ')}`, () => {
    assert.throws(() => readServeArguments(args), { code: 'invalid-config', message: text })
  })
}

test('an address is a host and a port', () => {
  assert.deepEqual(readListenAddress('127.0.0.1:0'), { host: '127.0.0.1', port: 0 })
  assert.deepEqual(readListenAddress('[::1]:9898'), { host: '::1', port: 9898 })
  for (const text of ['', '9898', 'host', 'host:', ':9898', 'host:70000', '::1:9898', 'host:9x']) {
    assert.throws(() => readListenAddress(text), { code: 'invalid-config' }, text)
  }
})

test('limits take bounds only', () => {
  assert.equal(readLimits({ segmentBytes: 70_000 }).segmentBytes, 70_000)
  assert.throws(() => readLimits({ dataDir: '/x' } as object), { code: 'invalid-config', message: /dataDir/ })
  assert.throws(() => readLimits({ segmentbytes: 1 } as object), { message: /perhaps segmentBytes/ })
})

test('every property has names of its own and its line of help', () => {
  const help = serveHelp()
  for (const name of propertyNames)
    assert.ok(help.includes(`${flagName(name)} `) && help.includes(PROPERTIES[name].doc))
  assert.equal(new Set(propertyNames.map(environmentName)).size, propertyNames.length)
})

test('addresses for Kafka clients: several, advertised otherwise, or none', () => {
  const at = (host: string, port: number): object => ({ host, port })
  assert.deepEqual(readKafkaListen('off', 'auto'), [])
  assert.deepEqual(readKafkaListen('127.0.0.1:9092', 'auto'), [at('127.0.0.1', 9092)])
  assert.deepEqual(readKafkaListen('a:1, [::1]:2', 'b:3,c:4'), [
    { ...at('a', 1), advertised: at('b', 3) },
    { ...at('::1', 2), advertised: at('c', 4) },
  ])
  assert.throws(() => readKafkaListen('a', 'auto'), /kafkaListen is "a", but must be host:port/)
  assert.throws(() => readKafkaListen('a:1', 'b'), /kafkaAdvertised is "b", but must be host:port/)
  assert.throws(
    () => readKafkaListen('a:1,b:2', 'c:3'),
    /kafkaAdvertised has 1 addresses, and kafkaListen has 2/,
  )
})
