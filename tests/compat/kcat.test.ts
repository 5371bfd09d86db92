import { openKcat } from './clients/kcat-client.ts'
import { testCompatibility } from './scenarios/compatibility.ts'

testCompatibility(openKcat)
