import { linksSuite } from '../graphql/links-suite.js'
import { findPostgres } from '../postgres-server.js'

// Stories of the API, once more, with the catalog in PostgreSQL. Nothing is killed here: they take too long for every day.
if (findPostgres()) {
  process.env['DHUO_TEST_CATALOG'] = 'postgres'
  linksSuite([1, 20])
  await import('../graphql/pipeline-runs.test.js')
} else {
  console.warn('skipped: more of the API on PostgreSQL is not tested here, for there is no PostgreSQL on this machine')
  // biome-ignore lint/suspicious/noSkippedTests: the reason is said
  test.skip('more of the API on PostgreSQL', () => {})
}
