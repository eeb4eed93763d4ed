import { crawlerSuite } from '../access/crawler-suite.js'

crawlerSuite(['a key for A', 'a stranger'])
