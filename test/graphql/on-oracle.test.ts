import { findPostgres } from '../postgres-server.js'

// A story that touches tables in every way, once more, with the tables in a double of Oracle. More of them: test/faults/on-oracle.test.ts.
if (findPostgres()) {
  process.env['DHUO_TEST_LAKEHOUSE'] = 'oracle'
  await import('./predictions.test.js')
} else {
  console.warn('skipped: the API on Oracle is not tested here, for there is no PostgreSQL on this machine')
  // biome-ignore lint/suspicious/noSkippedTests: the reason is said
  test.skip('the API on Oracle', () => {})
}
