import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeWith } from '../backends.js'
import { OracleFault } from '../oracle/oracle-database.js'
import { serverAccount } from '../oracle/oracle-lakehouse-over-postgres.js'
import { type ListenerOptions, type OracleListener, startOracleListener } from '../oracle/oracle-listener.js'
import { ScriptedDatabase, type SentStatement } from '../oracle/scripted-database.js'
import { faults, findingsOf, onlyFault } from './examined.js'

let home: string
const closing: (() => Promise<void>)[] = []
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'oracle-doctor-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
afterAll(() => rm(home, { recursive: true, force: true }))

const texts = (...rows: readonly string[]) => ({
  columns: [{ name: 'T', type: 'VARCHAR2', size: 128 }] as const,
  rows: rows.map((row) => [row]),
})
const count = (n: number) => ({ columns: [{ name: 'N', type: 'NUMBER' }] as const, rows: [[String(n)]] })

/** A database that is set up as docs/oracle.md says, with one project. */
async function database(options: ListenerOptions = {}): Promise<{ database: ScriptedDatabase; listener: OracleListener }> {
  const scripted = new ScriptedDatabase()
    .reply(/nls_database_parameters/, texts('AL32UTF8'))
    .reply(/session_privs/, texts('CREATE SESSION'))
    .reply(/all_procedures/, ({ sets }) => count(sets[0]?.[1]?.value === 'CREATE_PROJECT' ? 1 : 0))
    .reply(/user_proxies/, texts('DHUO_IRIS', 'DHUO_IRIS#R', 'DHUO_IRIS#W'))
    .reply(/all_db_links/, texts())
    .reply(/all_directories/, texts())
    .reply(/SYSTIMESTAMP/, () => texts(new Date().toISOString()))
  const listener = await startOracleListener(scripted, options)
  closing.push(() => listener.close())
  return { database: scripted, listener }
}

const look = (url: string, more: Record<string, string> = {}) =>
  findingsOf(
    {
      DHUO_HOME: home,
      DHUO_LAKEHOUSE_URL: url,
      DHUO_ORACLE_USER: serverAccount,
      DHUO_ORACLE_PASSWORD: 'secret',
      DHUO_ORACLE_CONNECT_SECONDS: '1',
      ...more,
    },
    'lake house',
  )

test('all is well with a database that is set up as it should be', async () => {
  const { database: scripted, listener } = await database()
  const found = await look(listener.url)
  expect(faults(found)).toEqual([])
  const said = found.map(({ check, said: words }) => `${check}: ${words}`).join('\n')
  for (const words of [
    /reach: Oracle Database 23\.9\S* answers/,
    /TLS: none, on this machine/,
    /character set: AL32UTF8/,
    /rights of the server: DHUOSERVER may connect, and nothing else/,
    /DHUOADMIN\.CREATE_PROJECT/,
    /accounts of a project: DHUO_IRIS and its reader and writer.*3 accounts in all/,
    /reach of a reader: DHUO_IRIS#R has no way/,
    /large files: are sent row by row: DHUO_IRIS may not call DBMS_CLOUD/,
  ])
    expect(said).toMatch(words)
  expect(listener.logins).toContain(`${serverAccount}[DHUO_IRIS#R]`)
  const ofOwner = ({ account, sets }: SentStatement) =>
    count(account === 'DHUO_IRIS' || sets[0]?.[1]?.value === 'CREATE_PROJECT' ? 1 : 0)
  scripted.reply(/all_procedures/, ofOwner)
  const cloud = await look(listener.url)
  expect(faults(cloud)).toEqual([])
  expect(cloud).toContainEqual(
    expect.objectContaining({ check: 'large files', said: expect.stringMatching(/fetched by DHUO_IRIS/) }),
  )
})

describe('what keeps it from a connection is named with its remedy', () => {
  const reach = async (url: string, said: RegExp, remedy: RegExp, more: Record<string, string> = {}) => {
    const fault = onlyFault(await look(url, more))
    expect(fault).toMatchObject({ check: 'reach', level: 'fail' })
    expect(fault.said).toMatch(said)
    expect(fault.remedy).toMatch(remedy)
    expect(JSON.stringify(fault)).not.toContain('secret')
  }

  test('a listener that is down, and a host that is unknown', async () => {
    await reach('oracle://127.0.0.1:1/FREEPDB1', /NJS-503/, /Is it tcp:\/\/127\.0\.0\.1:1\/FREEPDB1\?.*listener up/)
    await reach('oracle://no-such-host.invalid/FREEPDB1', /NJS-530/, /no-such-host\.invalid.*access list/)
  })

  test('a database that is silent at the login', async () => {
    const { listener } = await database({ isMute: true })
    await reach(listener.url, /NJS-040/, /silent at the login/)
  })

  test('a service that is not there', async () => {
    const { listener } = await database()
    await reach(`oracle://127.0.0.1:${listener.port}/elsewhere`, /NJS-518/, /knows no such service.*lsnrctl/)
  })

  test('a password that is wrong', async () => {
    const { listener } = await database({ password: 'another' })
    await reach(listener.url, /ORA-01017/, /DHUO_ORACLE_PASSWORD.*ALTER USER DHUOSERVER IDENTIFIED BY/)
  })

  test.each<[number, string, RegExp]>([
    [28000, 'The account is locked.', /ALTER USER DHUOSERVER ACCOUNT UNLOCK/],
    [28001, 'The account has expired.', /ALTER USER DHUOSERVER .*IDENTIFIED BY/],
    [1045, 'user DHUOSERVER lacks CREATE SESSION privilege; logon denied', /GRANT CREATE SESSION TO DHUOSERVER/],
    [18, 'maximum number of sessions exceeded', /Lower DHUO_ORACLE_CONNECTIONS/],
    [2391, 'exceeded simultaneous SESSIONS_PER_USER limit', /SESSIONS_PER_USER/],
    [1033, 'ORACLE initialization or shutdown in progress', /docs\/oracle\.md/],
  ])('ORA-%i: %s', async (number, words, remedy) => {
    const { database: scripted, listener } = await database()
    scripted.refuse(serverAccount, new OracleFault(number, words))
    await reach(listener.url, /ORA-/, remedy)
  })

  test('a wallet that has no tnsnames.ora, or one without the name', async () => {
    const wallet = await mkdtemp(join(home, 'wallet-'))
    const more = { DHUO_ORACLE_WALLET: wallet }
    await reach('oracle:dhuo_low', /NJS-5(16|17|20)/, /tnsnames\.ora of the directory DHUO_ORACLE_WALLET/, more)
    const nowhere = { DHUO_ORACLE_WALLET: '/nowhere/at/all' }
    await reach('oracle:dhuo_low', /NJS-5(16|17|20)/, /tnsnames\.ora of the directory DHUO_ORACLE_WALLET/, nowhere)
    await writeFile(join(wallet, 'tnsnames.ora'), 'other = (description=(address=(protocol=tcp)(host=h)(port=1)))\n')
    await reach('oracle:dhuo_low', /NJS-517/, /tnsnames\.ora/, more)
  })

  test('a version that is too old', async () => {
    const { listener } = await database({ release: 19, version: 0x12010000 })
    await reach(listener.url, /18\.\S* ?;? ?19c is the oldest|19c is the oldest/, /./)
  })
})

describe('what it lacks is named one by one, with what grants it', () => {
  const amiss = async (change: (database: ScriptedDatabase) => void, more: Record<string, string> = {}) => {
    const { database: scripted, listener } = await database()
    change(scripted)
    return onlyFault(await look(listener.url, more))
  }

  test('the procedure that makes projects', async () => {
    expect(await amiss((of) => of.reply(/all_procedures/, count(0)))).toMatchObject({
      check: 'procedure for projects',
      level: 'fail',
      remedy: expect.stringContaining('GRANT EXECUTE ON DHUOADMIN.CREATE_PROJECT TO DHUOSERVER'),
    })
  })

  test.each([
    ['DHUO_IRIS', ['DHUO_IRIS#R', 'DHUO_IRIS#W']],
    ['DHUO_IRIS#W', ['DHUO_IRIS', 'DHUO_IRIS#R']],
  ])('the right to speak for %s', async (missing, there) => {
    expect(await amiss((of) => of.reply(/user_proxies/, texts(...there)))).toMatchObject({
      check: 'accounts of a project',
      level: 'fail',
      said: expect.stringContaining(missing),
      remedy: expect.stringContaining('GRANT CONNECT THROUGH DHUOSERVER'),
    })
  })

  test('an account of a project that lets nobody in', async () => {
    const fault = new OracleFault(28150, 'proxy not authorized to connect as client')
    expect(await amiss((of) => of.refuse('DHUO_IRIS#R', fault))).toMatchObject({
      check: 'accounts of a project',
      level: 'fail',
      remedy: expect.stringContaining('GRANT CONNECT THROUGH DHUOSERVER'),
    })
  })

  test('more than it must: the server, a reader, and what everybody may', async () => {
    const privileges = (account: string) => (of: ScriptedDatabase) =>
      of.reply(/session_privs/, (statement) =>
        statement.account === account ? texts('CREATE SESSION', 'DROP ANY TABLE') : texts('CREATE SESSION'),
      )
    expect(await amiss(privileges(serverAccount))).toMatchObject({
      check: 'rights of the server',
      level: 'warn',
      remedy: expect.stringContaining('REVOKE DROP ANY TABLE FROM DHUOSERVER'),
    })
    expect(await amiss(privileges('DHUO_IRIS#R'))).toMatchObject({
      check: 'accounts of a project',
      level: 'warn',
      remedy: expect.stringContaining('REVOKE DROP ANY TABLE FROM "DHUO_IRIS#R"'),
    })
    expect(await amiss((of) => of.reply(/all_db_links/, texts('PUBLIC.ELSEWHERE')))).toMatchObject({
      check: 'reach of a reader',
      level: 'warn',
      said: expect.stringContaining('PUBLIC.ELSEWHERE'),
      remedy: expect.stringContaining('DROP PUBLIC DATABASE LINK'),
    })
    expect(await amiss((of) => of.reply(/all_directories/, texts('DATA_PUMP_DIR')))).toMatchObject({
      check: 'reach of a reader',
      level: 'warn',
      remedy: expect.stringContaining('REVOKE READ, WRITE ON DIRECTORY DATA_PUMP_DIR FROM PUBLIC'),
    })
    const everybody = (of: ScriptedDatabase) => of.reply(/all_procedures/, count(1))
    expect(await amiss(everybody)).toMatchObject({
      check: 'reach of a reader',
      level: 'warn',
      said: expect.stringContaining('DBMS_CLOUD'),
      remedy: expect.stringContaining('REVOKE EXECUTE ON DBMS_CLOUD'),
    })
  })

  test('a character set that the driver does not speak', async () => {
    expect(await amiss((of) => of.reply(/nls_database_parameters/, texts('WE8ISO8859P15')))).toMatchObject({
      check: 'character set',
      level: 'fail',
      said: expect.stringContaining('WE8ISO8859P15'),
      remedy: expect.stringContaining('AL32UTF8'),
    })
  })

  test('a clock that is not ours', async () => {
    const early = () => texts(new Date(Date.now() - 60_000).toISOString())
    expect(await amiss((of) => of.reply(/SYSTIMESTAMP/, early))).toMatchObject({ check: 'clock', remedy: expect.any(String) })
  })

  test('TLS, where rows cross a network', async () => {
    const { listener } = await database()
    const wallet = await mkdtemp(join(home, 'plain-'))
    const address = `(address=(protocol=tcp)(host=localhost)(port=${listener.port}))`
    await writeFile(join(wallet, 'tnsnames.ora'), `dhuo_low = (description=${address}(connect_data=(service_name=FREEPDB1)))\n`)
    const found = await look('oracle:dhuo_low', { DHUO_ORACLE_WALLET: wallet })
    expect(faults(found)).toEqual([])
    expect(found).toContainEqual(expect.objectContaining({ check: 'TLS', said: 'as tnsnames.ora says of dhuo_low' }))
  })
})

describeWith('the wallet of Oracle', ['openssl'])('the wallet of Oracle', () => {
  test('that is not there, is none, or is not of the server’s authority is named', async () => {
    const directory = await mkdtemp(join(home, 'tls-'))
    const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'pipe' })
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-keyout', 'k', '-out', 'c')
    const { listener } = await database({
      tls: { key: readFileSync(join(directory, 'k')), cert: readFileSync(join(directory, 'c')) },
    })
    const wallet = await mkdtemp(join(directory, 'wallet-'))
    const address = `(address=(protocol=tcps)(host=127.0.0.1)(port=${listener.port}))`
    await writeFile(join(wallet, 'tnsnames.ora'), `dhuo_low = (description=${address}(connect_data=(service_name=FREEPDB1)))\n`)
    for (const pem of [null, 'no certificate', readFileSync(join(directory, 'k'), 'utf8')]) {
      if (pem !== null) await writeFile(join(wallet, 'ewallet.pem'), pem)
      const fault = onlyFault(await look('oracle:dhuo_low', { DHUO_ORACLE_WALLET: wallet }))
      expect(fault).toMatchObject({ check: 'reach', remedy: expect.stringContaining('Unzip the wallet anew') })
      expect(fault.said).toMatch(/NJS-50[5-8]/)
    }
    expect(onlyFault(await look(listener.url)).said).toMatch(/NJS-506/)
  })
})
