import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, globSync, readFileSync } from 'node:fs'
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Of the test's own: it may do all, without a password. */
export const superuser = 'postgres'

export interface PostgresServer {
  port: number
  /** Where it has its files; nobody else's are in it. */
  directory: string
  /** Freezes it, connections and all: they stay open, and nothing is answered. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Without a word to its clients, as when its machine dies. */
  kill(): Promise<void>
  /** As its administrator restarts it: it ends what its clients are at, and writes down what was committed. */
  shutDown(): Promise<void>
  /** On the same port, after `kill` or `shutDown`. What was committed is there. */
  restart(): Promise<void>
  /** All that it has logged. */
  log(): string
  stop(): Promise<void>
}

/** Where a PostgreSQL's programs are: those of the PATH, or Debian's newest; null where there are none. */
export function findPostgres(): string | null {
  const ofDebian = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => Number(b.split('/')[4]) - Number(a.split('/')[4]))
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...ofDebian]
  const hasPrograms = (directory: string) =>
    ['postgres', 'initdb'].every((name) => {
      try {
        accessSync(join(directory, name), constants.X_OK)
        return true
      } catch {
        return false
      }
    })
  return directories.find(hasPrograms) ?? null
}

/** PostgreSQL refuses to run as root. initdb looks its user up by name: it must be one that there is. */
function someoneElse(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':')) // prettier-ignore
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (!user) throw new Error('there is no account to run PostgreSQL with')
  return { uid: Number(user[2]), gid: Number(user[3]) }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/**
 * A PostgreSQL of its own on a free port of this machine; ready when this resolves. It does not outlive the tests, and writes
 * to the disk only when it likes: what a crash of the machine leaves behind is no test's business.
 * @param settings of postgresql.conf: `{ log_statement: 'all' }`
 * @param files to be put into its directory before it starts, by name: `pg_hba.conf`, a certificate
 */
export async function startPostgresServer(
  settings: Record<string, string> = {},
  files: Record<string, string> = {},
): Promise<PostgresServer> {
  const programs = findPostgres()
  if (!programs) throw new Error('there is no PostgreSQL on this machine')
  const account = someoneElse()
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-postgres-'))
  if (account) await chown(directory, account.uid, account.gid)
  const data = join(directory, 'data')
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  const options = { ...account, env, cwd: directory }

  const initdb = ['-D', data, '-U', superuser, '-A', 'trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions']
  const made = spawn(join(programs, 'initdb'), initdb, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  const complaint = textOf(made)
  if ((await once(made, 'exit'))[0] !== 0) throw new Error(`initdb: ${complaint()}`)

  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(data, name), text, { mode: 0o600 })
    if (account) await chown(join(data, name), account.uid, account.gid)
  }

  let postmaster: ChildProcess
  let said: () => string = () => ''
  let earlier = ''
  /** @returns whether it is ready */
  const launch = async (port: number): Promise<boolean> => {
    earlier += said()
    const all = { ...{ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '32MB' }, ...settings }
    const words = Object.entries({ max_connections: '200', ...all }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(join(programs, 'postgres'), ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', directory, ...words], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const kill = () => child.kill('SIGQUIT')
    process.once('exit', kill)
    child.once('exit', () => process.removeListener('exit', kill))
    said = textOf(child)
    postmaster = child
    return new Promise((resolve) => {
      child.stderr!.on('data', () => said().includes('ready to accept connections') && resolve(true))
      child.once('exit', () => resolve(false))
    })
  }
  let port = await freePort()
  for (let attempt = 1; !(await launch(port)); attempt++) {
    if (attempt === 5) throw new Error(`PostgreSQL did not start:\n${said()}`)
    port = await freePort()
  }

  /** The postmaster first: it starts no others then. Once it is killed, nothing says any more whose children they were. */
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    const children = await childrenOf(postmaster.pid!)
    postmaster.kill(signal)
    for (const pid of children)
      try {
        process.kill(pid, signal)
      } catch {
        // It has ended by itself.
      }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (postmaster.exitCode !== null || postmaster.signalCode !== null) return
    const gone = once(postmaster, 'exit')
    await signalAll('SIGCONT')
    postmaster.kill(signal)
    await gone
  }
  return {
    port,
    directory,
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    kill: async () => {
      const gone = once(postmaster, 'exit')
      await signalAll('SIGKILL')
      await gone
    },
    shutDown: () => end('SIGINT'),
    restart: async () => {
      // For a moment the memory that the killed processes shared is still theirs.
      for (let attempt = 1; !(await launch(port)); attempt++) {
        if (attempt === 40) throw new Error(`PostgreSQL did not start again:\n${said()}`)
        await sleep(100)
      }
    },
    log: () => earlier + said(),
    stop: async () => {
      await end('SIGQUIT')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function textOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr!.on('data', (part) => {
    text += part
  })
  return () => text
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the parent is the second word behind the name. */
async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    }),
  )
  return pids.flatMap((pid, index) => (parents[index] === parent ? [Number(pid)] : []))
}
