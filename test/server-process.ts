import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { compileServer } from './compile-sources.js'
import { type Answer, adminEmail, adminPassword, changeCatalog, type TestHub } from './hub.js'

/** The server as it is started, and a directory for what its processes need. */
export interface BuiltServer {
  directory: string
  /** @param settings on top of those of tests; DHUO_HOME among them */
  start(settings: Record<string, string>): Promise<ServerProcess>
  /** Ends what still runs, and removes all of it. */
  remove(): Promise<void>
}

export interface ServerProcess {
  /** What tests of the API need of a hub. */
  hub: TestHub
  process: ChildProcess
  /** Lines of its log. */
  logged: string[]
  /** Resolves when it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

export async function buildServer(): Promise<BuiltServer> {
  const directory = await compileServer()
  const processes: ChildProcess[] = []
  return {
    directory,
    start: (settings) => startProcess(join(directory, 'dist', 'main.js'), settings, processes),
    async remove() {
      for (const child of processes) child.kill('SIGKILL')
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function startProcess(
  program: string,
  settings: Record<string, string>,
  processes: ChildProcess[],
): Promise<ServerProcess> {
  const env: Record<string, string> = {
    ...{ PATH: process.env['PATH']!, HOME: process.env['HOME']!, PORT: '0', DHUO_LOG_LEVEL: 'error' },
    ...{ DHUO_ADMIN_EMAIL: adminEmail, DHUO_ADMIN_PASSWORD: adminPassword, DHUO_PASSWORD_COST: '10' },
    ...settings,
  }
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  processes.push(child)
  const logged: string[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => logged.push(line))
  const url = await new Promise<string>((resolve, reject) => {
    const said: string[] = []
    createInterface({ input: child.stderr! }).on('line', (line) => {
      said.push(line)
      const [, found] = /(http:\/\/\S+)\/graphql/.exec(line) ?? []
      if (found) resolve(found)
    })
    child.once('exit', () => reject(new Error(said.join('\n'))))
  })
  const catalogUrl = env['DHUO_CATALOG_URL'] ?? `sqlite:${join(env['DHUO_HOME']!, 'catalog.db')}`
  const hub = { url, home: env['DHUO_HOME'], catalogUrl, admin: '' } as TestHub
  hub.execute = async (query, variables = {}, as = hub.admin) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(as && { authorization: `Bearer ${as}` }) },
      body: JSON.stringify({ query, variables }),
    })
    return (await response.json()) as Answer<never>
  }
  hub.data = async (query, variables, as) => {
    const answer = await hub.execute(query, variables, as)
    if (answer.errors) throw new Error(JSON.stringify(answer.errors))
    return answer.data as never
  }
  hub.change = (statement, ...values) => changeCatalog(catalogUrl, statement, values)
  const login = `mutation { login(email: "${adminEmail}", password: "${adminPassword}") { token } }`
  hub.admin = (await hub.data(login, {}, '')).login.token
  return {
    hub,
    process: child,
    logged,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill(signal)
      child.kill('SIGCONT')
      await exit
    },
  }
}
