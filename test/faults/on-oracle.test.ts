import { linksSuite } from '../graphql/links-suite.js'
import { findPostgres } from '../postgres-server.js'

// Stories of the API, once more, with the tables in a double of Oracle. Nothing is killed here: they take too long for every day.
if (findPostgres()) {
  process.env['DHUO_TEST_LAKEHOUSE'] = 'oracle'
  linksSuite([1, 300])
  await import('../graphql/tables.test.js')
  await import('../graphql/objects.test.js')
} else {
  console.warn('skipped: the API on Oracle is not tested here, for there is no PostgreSQL on this machine')
  // biome-ignore lint/suspicious/noSkippedTests: the reason is said
  test.skip('the API on Oracle', () => {})
}
