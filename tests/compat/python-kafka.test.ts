import { kafkaPython, openPython } from './clients/python-client.ts'
import { testCompatibility } from './scenarios/compatibility.ts'

testCompatibility((address) => openPython(kafkaPython, address))
