import { crawlerSuite } from '../access/crawler-suite.js'
import { thorough } from '../access/schema-crawler.js'

crawlerSuite(['an owner of A', 'a key for A', 'a stranger'], thorough)
