import { crawlerSuite } from './crawler-suite.js'

// A sample: some questions of each field. All of them, by everybody: test/faults/crawler-others.test.ts.
crawlerSuite(['a stranger'], 2)
