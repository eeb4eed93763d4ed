import { findPostgres } from '../postgres-server.js'

// The stories that touch the most of the catalog, once more, with the catalog in PostgreSQL.
if (findPostgres()) {
  process.env['DHUO_TEST_CATALOG'] = 'postgres'
  await import('./links.test.js')
  await import('./pipeline-runs.test.js')
  await import('./predictions.test.js')
} else {
  console.warn('skipped: the API on PostgreSQL is not tested here, for there is no PostgreSQL on this machine')
  // biome-ignore lint/suspicious/noSkippedTests: the reason is said
  test.skip('the API on PostgreSQL', () => {})
}
