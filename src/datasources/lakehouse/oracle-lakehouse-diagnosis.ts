// Looks at the lake house on Oracle: that the database answers this server, and that its accounts are as docs/oracle.md has them.
import type oracledb from 'oracledb'
import type { OracleLakehouseConfig } from '../../config/lakehouse-config.js'
import { clockFinding } from '../../diagnosis/clock.js'
import { probeDirectory } from '../../diagnosis/directory-probe.js'
import { type Diagnosis, type Finding, look, warn } from '../../diagnosis/finding.js'
import { DhuoError } from '../../errors.js'
import { copyData, countOfProcedures } from './oracle-cloud-load.js'
import { codeOf } from './oracle-errors.js'
import { createProjectProcedure } from './oracle-names.js'
import { OraclePools, type TakenConnection } from './oracle-pools.js'

const oldestVersion = 1_900_000_000
/** Of CREATED_AT, and of what others write. */
const clockMs = 5_000
/** Of the tables, a look takes a moment; of a network that swallows packets, the whole time that a connection may take. */
const lookMs = (config: OracleLakehouseConfig): number => config.connectSeconds * 1_000 + 5_000

export const diagnoseOracleLakehouse = (config: OracleLakehouseConfig): Diagnosis =>
  async function* () {
    yield* probeDirectory(config.directory, 'DHUO_HOME', { warn: 5 * 1_024, fail: 256 })
    const pools = new OraclePools(config, 2)
    const taken: TakenConnection[] = []
    const as = async (account: string | null): Promise<Ask> => {
      const connection = await pools.take(account)
      taken.push(connection)
      return async (sql, binds = {}) => (await connection.connection.execute<unknown[]>(sql, binds)).rows ?? []
    }
    const mend = (error: unknown) => mendConnection(error, config)
    try {
      let server: Ask | undefined
      const reach = await look(
        'reach',
        async () => {
          server = await as(null)
          return versionOf(taken[0]!.connection)
        },
        mend,
        lookMs(config),
      )
      yield reach
      if (!server || reach.level === 'fail') return
      const ask = server
      const looks: [check: string, work: () => Promise<Finding | string>, remedy: string][] = [
        ['TLS', async () => tlsOf(config), 'Use ?tls=true in DHUO_LAKEHOUSE_URL.'],
        ['character set', () => characterSetOf(ask), 'Use a database with AL32UTF8, as all of Autonomous Database are.'],
        ['rights of the server', () => rightsOf(ask, config.user), 'Revoke them: see "Accounts" in docs/oracle.md.'],
        ['procedure for projects', () => procedureOf(ask, config), procedureRemedy(config)],
        ['clock', () => clockOf(ask), 'Let both machines keep time (chrony, ntpd).'],
      ]
      for (const [check, work, remedy] of looks) yield await look(check, work, () => remedy)
      const readers: Reader[] = []
      const asReader = async (account: string) => {
        const reader = { account, ask: await as(account) }
        readers.push(reader)
        return reader.ask
      }
      yield await look('accounts of a project', () => projectOf(ask, asReader, config), mend, lookMs(config))
      const remedy = () => 'See "Accounts" in docs/oracle.md.'
      for (const reader of readers) {
        yield await look('reach of a reader', () => reachOf(reader), remedy)
        yield await look(
          'large files',
          async () => loadsOf(await as(ownerOf(reader.account)), ownerOf(reader.account), config),
          mend,
        )
      }
    } finally {
      for (const { giveBack } of taken) await giveBack(false)
      await pools.close()
    }
  }

interface Reader {
  account: string
  ask: Ask
}
type Ask = (sql: string, binds?: oracledb.BindParameters) => Promise<unknown[][]>

function versionOf({ oracleServerVersion, oracleServerVersionString }: oracledb.Connection): string {
  if (oracleServerVersion < oldestVersion)
    throw new DhuoError('BACKEND_UNAVAILABLE', `It is ${oracleServerVersionString}; 19c is the oldest that will do.`)
  const says = `Oracle Database ${oracleServerVersionString} answers`
  return oracleServerVersion < 2_300_000_000 ? `${says}; before 23ai truth values are kept as 1 and 0, and JSON as text` : says
}

/** What keeps a connection from being made. https://docs.oracle.com/error-help/db/ */
const remedies: readonly (readonly [codes: RegExp, remedy: (config: OracleLakehouseConfig) => string])[] = [
  [
    /^NJS-(503|510|511|530)$/,
    ({ connectString }) =>
      `Is it ${connectString}? Is the listener up, this machine in the access list, the port open (1521, or 1522 with TLS)?`,
  ],
  [
    /^NJS-040$/,
    () =>
      'It takes the connection and is silent at the login: is it starting, or hanging? Is something between that takes connections for it?',
  ],
  [
    /^NJS-51[89]$/,
    ({ connectString }) =>
      `The listener knows no such service: see "lsnrctl services", or the names in tnsnames.ora, for ${connectString}.`,
  ],
  [
    /^NJS-(512|514|515|516|517|520|522)$/,
    () =>
      'DHUO_LAKEHOUSE_URL is oracle://<host>:<port>/<service>, or oracle:<name> with the name in tnsnames.ora of the directory DHUO_ORACLE_WALLET.',
  ],
  [
    /^NJS-(505|506|507|508|529)$/,
    () =>
      'Unzip the wallet anew into DHUO_ORACLE_WALLET (ewallet.pem is what is read); DHUO_ORACLE_WALLET_PASSWORD is the password chosen at its download.',
  ],
  [
    /^ORA-(01017|01005)$|^NJS-101$/,
    ({ user }) => `Set DHUO_ORACLE_USER and DHUO_ORACLE_PASSWORD. Or as administrator: ALTER USER ${user} IDENTIFIED BY "…"`,
  ],
  [/^ORA-2800[0-3]$/, ({ user }) => `As administrator: ALTER USER ${user} ACCOUNT UNLOCK; ALTER USER ${user} IDENTIFIED BY "…"`],
  [/^ORA-01045$/, ({ user }) => `As administrator: GRANT CREATE SESSION TO ${user}`],
  [
    /^ORA-(28150|28151|28183|01918)$/,
    ({ user }) =>
      `As administrator: ALTER USER <account of the project> GRANT CONNECT THROUGH ${user}; or let the procedure make the accounts again.`,
  ],
  [
    /^NJS-116$/,
    ({ user }) => `The password is kept in a form of before 11g. As administrator: ALTER USER ${user} IDENTIFIED BY "…"`,
  ],
  [
    /^ORA-(00018|00020|02391|12516|12519|12520)$/,
    () => 'Lower DHUO_ORACLE_CONNECTIONS, or raise sessions and processes, and SESSIONS_PER_USER in the profile.',
  ],
]

function mendConnection(error: unknown, config: OracleLakehouseConfig): string {
  const code = codeOf(error)
  const found = remedies.find(([codes]) => codes.test(code))
  return found ? found[1](config) : 'See "When something is wrong" in docs/oracle.md.'
}

function tlsOf({ connectString }: OracleLakehouseConfig): Finding | string {
  if (connectString.startsWith('tcps:')) return 'the connection is encrypted'
  if (!connectString.startsWith('tcp:')) return `as tnsnames.ora says of ${connectString}`
  if (/^tcp:\/\/(localhost|127\.|\[::1\])/.test(connectString)) return 'none, on this machine'
  return warn(
    'TLS',
    'Rows cross the network in the clear.',
    'Use ?tls=true in DHUO_LAKEHOUSE_URL, with a wallet where the database wants one.',
  )
}

async function characterSetOf(ask: Ask): Promise<string> {
  const [row] = await ask(`SELECT value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'`)
  if (row?.[0] !== 'AL32UTF8')
    throw new DhuoError('BACKEND_UNAVAILABLE', `It is ${row?.[0]}: the driver reads and writes text in AL32UTF8 only.`)
  return 'AL32UTF8'
}

async function rightsOf(ask: Ask, user: string): Promise<Finding | string> {
  const found = (await ask('SELECT privilege FROM session_privs ORDER BY privilege')).map(([privilege]) => String(privilege))
  const more = found.filter((privilege) => privilege !== 'CREATE SESSION')
  if (more.length === 0) return `${user} may connect, and nothing else`
  return warn(
    'rights of the server',
    `${user} may also ${more.slice(0, 5).join(', ')}.`,
    `As administrator: REVOKE ${more[0]} FROM ${user}; and so on.`,
  )
}

async function procedureOf(ask: Ask, { prefix }: OracleLakehouseConfig): Promise<string> {
  const [owner, name] = createProjectProcedure(prefix).split('.')
  const [row] = await ask('SELECT COUNT(*) FROM all_procedures WHERE owner = :1 AND object_name = :2', { 1: owner!, 2: name! })
  if (row?.[0] === 0)
    throw new DhuoError('BACKEND_UNAVAILABLE', `There is no ${owner}.${name}, or it may not be called: no project can be made.`)
  return `${owner}.${name} makes the accounts of new projects`
}

const procedureRemedy = ({ prefix, user }: OracleLakehouseConfig): string =>
  `Install it as docs/oracle.md says, and: GRANT EXECUTE ON ${createProjectProcedure(prefix)} TO ${user}`

async function clockOf(ask: Ask): Promise<Finding> {
  const [row] = await ask(`SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') FROM DUAL`)
  return clockFinding(new Date(String(row![0])), clockMs)
}

/** The accounts of one project are tried: they are all made alike. */
async function projectOf(
  ask: Ask,
  as: (account: string) => Promise<Ask>,
  { prefix, user }: OracleLakehouseConfig,
): Promise<Finding | string> {
  const clients = (await ask('SELECT client FROM user_proxies ORDER BY client')).map(([client]) => String(client))
  const reader = clients.find((client) => client.startsWith(`${prefix}_`) && client.endsWith('#R'))
  if (reader === undefined) return 'there is none yet'
  const owner = ownerOf(reader)
  const missing = [owner, `${owner}#W`].find((account) => !clients.includes(account))
  if (missing !== undefined)
    throw Object.assign(new Error(`ORA-28150: ${user} may not speak for ${missing}`), { code: 'ORA-28150' })
  const asReader = await as(reader)
  const more = (await asReader('SELECT privilege FROM session_privs'))
    .map(([each]) => String(each))
    .filter((each) => each !== 'CREATE SESSION')
  if (more.length > 0)
    return warn(
      'accounts of a project',
      `${reader} runs users' SELECTs and may ${more.slice(0, 5).join(', ')}.`,
      `As administrator: REVOKE ${more[0]} FROM "${reader}"; and so on.`,
    )
  return `${owner} and its reader and writer can be spoken for; ${clients.length} accounts in all`
}

/** What everybody in the database may do, a user's SELECT may do too. https://docs.oracle.com/en/database/oracle/oracle-database/23/dbseg/ */
async function reachOf({ account, ask }: Reader): Promise<Finding | string> {
  const [link] = await ask("SELECT owner || '.' || db_link FROM all_db_links")
  if (link)
    return warn(
      'reach of a reader',
      `${account} reaches another database by the link ${link[0]}.`,
      'As administrator: DROP PUBLIC DATABASE LINK …, or give it to those alone who need it.',
    )
  const [directory] = await ask('SELECT directory_name FROM all_directories')
  if (directory)
    return warn(
      'reach of a reader',
      `${account} may use files of the directory ${directory[0]}.`,
      `As administrator: REVOKE READ, WRITE ON DIRECTORY ${directory[0]} FROM PUBLIC`,
    )
  const [found] = await ask(countOfProcedures, copyData)
  if (found![0] !== 0)
    return warn(
      'reach of a reader',
      `${account} may call DBMS_CLOUD, which sends what it likes to any address.`,
      `As administrator: REVOKE EXECUTE ON DBMS_CLOUD FROM PUBLIC, or from "${account}".`,
    )
  return `${account} has no way to other databases, files or addresses`
}

const ownerOf = (reader: string): string => reader.slice(0, -2)

async function loadsOf(ask: Ask, owner: string, { cloudLoadBytes }: OracleLakehouseConfig): Promise<string> {
  if (cloudLoadBytes === 0) return 'are sent row by row (DHUO_ORACLE_CLOUD_LOAD_MB=0)'
  const [found] = await ask(countOfProcedures, copyData)
  return found![0] === 0
    ? `are sent row by row: ${owner} may not call DBMS_CLOUD (docs/oracle.md)`
    : `in OCI Object Storage are fetched by ${owner} with DBMS_CLOUD`
}
