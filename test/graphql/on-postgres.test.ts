import { findPostgres } from '../postgres-server.js'

// A story that touches much of the catalog, once more, with the catalog in PostgreSQL. More of them: test/faults/on-postgres.test.ts.
if (findPostgres()) {
  process.env['DHUO_TEST_CATALOG'] = 'postgres'
  await import('./predictions.test.js')
} else {
  console.warn('skipped: the API on PostgreSQL is not tested here, for there is no PostgreSQL on this machine')
  // biome-ignore lint/suspicious/noSkippedTests: the reason is said
  test.skip('the API on PostgreSQL', () => {})
}
