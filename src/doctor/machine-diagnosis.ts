import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import type { Config } from '../config.js'
import { probeDirectory } from '../diagnosis/directory-probe.js'
import { type Diagnosis, type Finding, fail, look, ok, warn } from '../diagnosis/finding.js'
import { runProgram } from '../operations/run-program.js'

const gib = 2 ** 30
const leastFiles = 4_096
const leastProcesses = 512

/** What the server stands on: Node, memory, limits of the system, its port, its directories, Python with pip. */
export const diagnoseMachine = (config: Config): Diagnosis =>
  async function* (signal) {
    yield ok('Node', `${process.versions.node} on ${process.platform} ${process.arch}, ${availableParallelism()} cores`)
    yield memory(config)
    yield* limits()
    yield await port(config)
    for await (const { check, ...found } of probeDirectory(config.home, 'DHUO_HOME', { warn: 2_048, fail: 128 }))
      yield { ...found, check: `home: ${check}` }
    for await (const { check, ...found } of probeDirectory(tmpdir(), 'TMPDIR', { warn: 2_048, fail: 128 }))
      yield { ...found, check: `temporary files: ${check}` }
    yield await python(config, signal)
  }

/** The lake house keeps up to eight projects open, each with its own memory; jobs come on top. */
function memory({ lakehouse, compute }: Config): Finding {
  const limit = process.constrainedMemory()
  const total = limit > 0 && limit < totalmem() ? limit : totalmem()
  const said = `${(total / gib).toFixed(1)} GiB`
  const forTables = lakehouse.scheme === 'duckdb' ? lakehouse.memoryLimitMb * 2 ** 20 : 0
  const forJobs = 'memoryLimitMb' in compute ? compute.memoryLimitMb * 2 ** 20 : 0
  return Math.max(forTables, forJobs) < total
    ? ok('memory', said)
    : warn(
        'memory',
        `${said}, and one project's tables or one job may take as much: the system may then end the server.`,
        'Set DHUO_SQL_MEMORY_MB and DHUO_JOB_MEMORY_MB so that both together stay below the memory of this machine.',
      )
}

/** https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html; Node has raised the soft limit of files already. */
async function* limits(): AsyncGenerator<Finding> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const softLimit = (name: string): number | null => {
    const value = new RegExp(`^${name} +(\\S+)`, 'm').exec(text)?.[1]
    return value === undefined ? null : value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value)
  }
  const [files, processes] = [softLimit('Max open files'), softLimit('Max processes')]
  if (files !== null)
    yield files >= leastFiles
      ? ok('open files', String(files))
      : warn(
          'open files',
          `This account may have ${files} open at once; each subscriber, upload and connection is one.`,
          `ulimit -n 65536 before the start; in a systemd unit LimitNOFILE=65536; in Docker --ulimit nofile=65536`,
        )
  if (processes !== null && processes < leastProcesses)
    yield warn(
      'processes',
      `This account may have ${processes} at once, threads counted: jobs and handlers will not start.`,
      'ulimit -u 8192 before the start; in a systemd unit TasksMax=8192',
    )
}

function port({ port, host }: Config): Promise<Finding> {
  if (port === 0) return Promise.resolve(ok('port', 'a free one is taken at the start (PORT=0)'))
  const remedies: Record<string, string> = {
    EADDRNOTAVAIL: 'Set HOST to an address of this machine, or to 0.0.0.0 for all of them.',
    ENOTFOUND: 'Set HOST to an address of this machine, or to 0.0.0.0 for all of them.',
    EACCES: 'Set PORT to one above 1023, or give the program the right: setcap cap_net_bind_service=+ep on the node binary.',
  }
  return look(
    'port',
    async () => {
      const code = await tryListening(port, host)
      if (code === null) return `${host}:${port} is free`
      if (code !== 'EADDRINUSE')
        return fail('port', `It cannot listen on ${host}:${port} (${code}).`, remedies[code] ?? 'Set HOST and PORT.')
      return (await isOurs(port, host))
        ? ok('port', `${host}:${port} is in use by a DHuO Graph server that answers`)
        : fail('port', `${host}:${port} is in use by another program.`, `End it (ss -ltnp 'sport = :${port}'), or set PORT.`)
    },
    () => 'Set HOST and PORT.',
  )
}

const tryListening = (port: number, host: string): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)))
  })

async function isOurs(port: number, host: string): Promise<boolean> {
  const reached = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  try {
    const url = `http://${reached}:${port}/graphql?query={server{version}}`
    const response = await fetch(url, { headers: { 'apollo-require-preflight': '1' }, signal: AbortSignal.timeout(3_000) })
    const { data, errors } = (await response.json()) as {
      data?: { server?: unknown }
      errors?: { extensions?: { code?: string } }[]
    }
    return Boolean(data?.server) || errors?.[0]?.extensions?.code === 'UNAUTHENTICATED'
  } catch {
    return false
  }
}

/** Packages of deployments are found by pip, on the server. */
function python({ packaging }: Config, signal: AbortSignal): Promise<Finding> {
  const program = 'import sys; from pip import __version__; print("Python", sys.version.split()[0] + ", pip", __version__)'
  const mend = (): string =>
    'Install both (apt-get install python3 python3-pip, dnf install python3.11 python3.11-pip), or set DHUO_PYTHON to the path of a Python that has pip.'
  return look(
    'Python',
    async () => {
      const end = await runProgram({
        ...{ file: packaging.python, arguments: ['-c', program], environment: packaging.environment, directory: tmpdir() },
        ...{ timeoutMs: 15_000, signal },
      })
      if (end.code === 0) return end.stdout.trim()
      const said =
        end.stopped === 'NOT_STARTED'
          ? `"${packaging.python}" does not start.`
          : /No module named '?pip\b/.test(end.stderr)
            ? `"${packaging.python}" has no pip: requirements of deployments cannot be resolved.`
            : `"${packaging.python}" is no Python 3 that works: ${end.stderr.trim().split('\n').at(-1)}`
      return fail('Python', said, mend())
    },
    mend,
    20_000,
  )
}
