import { crawlerSuite } from './crawler-suite.js'
import { sample } from './schema-crawler.js'

// A sample of what there is to ask. All of it, by everybody: test/faults/crawler.test.ts.
crawlerSuite(['a stranger'], sample)
