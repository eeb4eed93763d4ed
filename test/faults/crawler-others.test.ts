import { crawlerSuite } from '../access/crawler-suite.js'

crawlerSuite(['an owner of A', 'a key for A', 'a stranger'])
