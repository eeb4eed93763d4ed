// One PostgreSQL for a whole run of jest, where there is one: it starts while the first tests run, and whoever wants it waits.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostgres, startPostgresServer } from './postgres-server.ts'

let server
let directory

export async function begin() {
  if (!findPostgres()) return
  directory = await mkdtemp(join(tmpdir(), 'dhuo-one-postgres-'))
  process.env.DHUO_TEST_POSTGRES = directory
  server = startPostgresServer()
  server.then(
    ({ port }) => tell('port', String(port)),
    (error) => tell('failure', error.message),
  )
}

export async function end() {
  await (await server)?.stop()
  if (directory) await rm(directory, { recursive: true })
}

/** Whole, or not yet. */
async function tell(name, text) {
  const file = join(directory, name)
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}
