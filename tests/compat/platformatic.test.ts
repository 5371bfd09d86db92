import { openPlatformatic } from './clients/platformatic-client.ts'
import { testCompatibility } from './scenarios/compatibility.ts'

testCompatibility(openPlatformatic)
