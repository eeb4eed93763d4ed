import { crawlerSuite } from './crawler-suite.js'

// The others crawl in the slow suite: test/faults/crawler-others.test.ts.
crawlerSuite(['an owner of A'])
