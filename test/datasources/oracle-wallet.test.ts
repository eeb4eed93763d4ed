import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { openOracleLakehouse } from '../../src/datasources/lakehouse/oracle-lakehouse.js'
import { createLogger } from '../../src/logger.js'
import { describeWith } from '../backends.js'
import { configFor } from '../oracle/oracle-lakehouse-over-postgres.js'
import { openScripted } from '../oracle/scripted-lakehouse.js'

const schema = 'iris'
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
async function open(tls: TlsOptions) {
  const opened = await openScripted({}, { tls })
  closing.push(opened.close)
  opened.database.reply(/from ones/, { columns: [{ name: 'N', type: 'NUMBER' }], rows: [['1']] })
  return opened
}

describeWith('TLS to Oracle', ['openssl'])('TLS', () => {
  let directory: string
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'pipe' })
  const read = (name: string) => readFileSync(join(directory, name), 'utf8')
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'oracle-tls-'))
    const key = ['-newkey', 'rsa:2048', '-nodes']
    for (const authority of ['authority', 'stranger'])
      openssl(
        'req',
        '-x509',
        ...key,
        '-days',
        '2',
        '-subj',
        `/CN=${authority}`,
        '-keyout',
        `${authority}.key`,
        '-out',
        `${authority}.pem`,
      )
    for (const [name, subject] of [
      ['server', 'localhost'],
      ['elsewhere', 'elsewhere.example.com'],
      ['client', 'dhuo-client'],
    ] as const) {
      openssl('req', ...key, '-subj', `/CN=${subject}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
      await writeFile(join(directory, `${name}.ext`), `subjectAltName=DNS:${subject}\n`)
      const signed = [
        '-CA',
        'authority.pem',
        '-CAkey',
        'authority.key',
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        `${name}.ext`,
      ]
      openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`)
    }
    openssl('rsa', '-in', 'client.key', '-aes256', '-passout', 'pass:chosen at its download', '-out', 'client.locked')
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  /** A lake house by the name in a wallet with these parts, before a listener that wants a certificate of its clients. */
  async function byWallet(
    parts: readonly string[] | null,
    { password, server = 'server' }: { password?: string; server?: string } = {},
  ) {
    const scripted = await open({
      key: read(`${server}.key`),
      cert: read(`${server}.pem`),
      ca: read('authority.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    })
    const wallet = join(directory, `wallet-${scripted.listener.port}`)
    await mkdir(wallet)
    if (parts) await writeFile(join(wallet, 'ewallet.pem'), parts.map(read).join('\n'))
    const address = `(address=(protocol=tcps)(host=localhost)(port=${scripted.listener.port}))`
    const security = '(security=(ssl_server_dn_match=yes))'
    await writeFile(
      join(wallet, 'tnsnames.ora'),
      `dhuo_low = (description=${address}(connect_data=(service_name=FREEPDB1))${security})\n`,
    )
    const lakehouse = await openOracleLakehouse(
      configFor('oracle:dhuo_low', join(directory, `home-${scripted.listener.port}`), {
        DHUO_ORACLE_WALLET: wallet,
        ...(password && { DHUO_ORACLE_WALLET_PASSWORD: password }),
      }),
      createLogger('silent'),
    )
    closing.push(() => lakehouse.close())
    return { lakehouse, listener: scripted.listener }
  }
  const whole = ['client.locked', 'client.pem', 'authority.pem']
  const password = 'chosen at its download'

  test('with the wallet: the certificate of the client is presented, that of the server looked at', async () => {
    const { lakehouse, listener } = await byWallet(whole, { password })
    expect((await lakehouse.select({ schema, sql: 'select n from ones' }, { limit: 1 })).rows).toEqual([[1]])
    expect(listener.certificates).toEqual(['dhuo-client'])
    expect(listener.logins).toEqual(['DHUOSERVER[DHUO_IRIS#R]'])
  })

  test.each<[string, readonly string[], { password?: string; server?: string }, RegExp]>([
    ['another password than that of the wallet', whole, { password: 'guessed' }, /NJS-505/],
    ['no password', whole, {}, /NJS-505/],
    ['a wallet without a certificate of the client', ['authority.pem'], {}, /NJS-/],
    ['a wallet of another authority', ['client.key', 'client.pem', 'stranger.pem'], {}, /NJS-506/],
    ['a server of another name', whole, { password, server: 'elsewhere' }, /NJS-50[678]/],
  ])('%s is BACKEND_UNAVAILABLE, and no password is told', async (_what, parts, terms, cause) => {
    const { lakehouse, listener } = await byWallet(parts, terms)
    const error = await lakehouse.ping().catch((reason) => reason)
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', cause: { message: expect.stringMatching(cause) } })
    expect(`${error.message} ${(error.cause as Error).message}`).not.toMatch(/chosen|guessed|secret/)
    expect(listener.logins).toEqual([])
  })

  test('with names of services alone the authorities of the system are asked', async () => {
    const { lakehouse } = await byWallet(null)
    await expect(lakehouse.ping()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      cause: { message: expect.stringMatching(/NJS-506[\s\S]*certificate/) },
    })
  })

  test('without a wallet the authorities of the system are asked', async () => {
    const scripted = await open({ key: read('server.key'), cert: read('server.pem') })
    await expect(scripted.lakehouse.ping()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      cause: { message: expect.stringMatching(/NJS-506[\s\S]*certificate/) },
    })
  })
})
