import { linksSuite } from './links-suite.js'

// Other lives, and on other backends: test/faults/on-postgres.test.ts, test/faults/on-oci.test.ts.
linksSuite([1])
