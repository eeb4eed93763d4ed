import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { PostgresCatalogConfig } from '../src/config/catalog-config.js'
import { readConfig } from '../src/config.js'
import { superuser } from './postgres-server.js'

/** The PostgreSQL of this run of the tests. */
async function portOfPostgres(): Promise<number> {
  const directory = process.env['DHUO_TEST_POSTGRES']
  if (!directory) throw new Error('there is no PostgreSQL on this machine: use describeWith')
  const port = join(directory, 'port')
  const failure = join(directory, 'failure')
  while (!existsSync(port)) {
    if (existsSync(failure)) throw new Error(readFileSync(failure, 'utf8'))
    await sleep(20)
  }
  return Number(readFileSync(port, 'utf8'))
}

/**
 * A fresh, empty database, for `DHUO_CATALOG_URL`. It sorts as people do and not by bytes: what wants bytes has to say so.
 * @param port of another server than that of this run
 */
export async function createDatabase(port?: number): Promise<string> {
  const of = port ?? (await portOfPostgres())
  const name = `test_${randomBytes(6).toString('hex')}`
  await onServer(of, 'postgres', async (client) => {
    const { rows } = await client.query('show server_version_num')
    // https://www.postgresql.org/docs/15/sql-createdatabase.html: the first version whose databases can have an ICU locale.
    const locale = rows[0].server_version_num >= 150_000 ? "locale_provider icu icu_locale 'en-US' locale 'C'" : "locale 'C'"
    await client.query(`create database ${name} template template0 encoding 'UTF8' ${locale}`)
  })
  return `postgres://${superuser}@127.0.0.1:${of}/${name}`
}

export const configOf = (url: string, settings: Record<string, string> = {}): PostgresCatalogConfig =>
  readConfig({ DHUO_CATALOG_URL: url, ...settings }).catalog as PostgresCatalogConfig

/** A connection beside those of the catalog. */
export async function onServer<T>(port: number, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: superuser, database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
