import { librdkafka, openPython } from './clients/python-client.ts'
import { testCompatibility } from './scenarios/compatibility.ts'

testCompatibility((address) => openPython(librdkafka, address))
