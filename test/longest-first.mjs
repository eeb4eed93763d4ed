import { createRequire } from 'node:module'

/** Files that are short and take long, for they run what stands elsewhere. */
const long = [
  ...['access/crawler', 'graphql/pipeline-runs-live', 'codegen/python-live', 'codegen/python-events'],
  ...[
    'datasources/oracle-lakehouse',
    'datasources/postgres-catalog',
    'datasources/search-postgres',
    'datasources/duckdb-lakehouse',
  ],
  ...['graphql/on-postgres', 'graphql/on-oci', 'graphql/links', 'graphql/archive-function'],
]
const isLong = ({ path }) => long.some((name) => path.replaceAll('\\', '/').endsWith(`/${name}.test.ts`))

// Of jest's own: nothing that this project would name a version of.
const { default: Sequencer } = createRequire(createRequire(import.meta.url).resolve('jest'))('@jest/test-sequencer')

/** jest goes by what took long the last time, and by the length of a file where there was none. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests)
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))]
  }
}
