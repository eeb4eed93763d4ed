// The product as it runs in production, in a process of its own, and a client of its API: for benchmarks of the whole.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

export interface RunningServer {
  url: string
  pid: number
  // biome-ignore lint/suspicious/noExplicitAny: benchmarks look into answers without spelling out their types
  query(document: string, variables?: Record<string, unknown>): Promise<any>
  /** Bytes of resident memory; `peak` counts from here. */
  rss(): Promise<number>
  peak(): Promise<number>
  close(): Promise<void>
}

const password = 'a password for benchmarks'

/**
 * @param home of its files; kept, so that a benchmark may prepare or look at them
 * @param settings of other backends than the embedded ones
 */
export async function startRunningServer(home: string, settings: Record<string, string> = {}): Promise<RunningServer> {
  const port = await freePort()
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'dist', 'main.js')], {
    env: {
      ...process.env,
      DHUO_HOME: home,
      PORT: String(port),
      DHUO_LOG_LEVEL: 'error',
      DHUO_ADMIN_PASSWORD: password,
      ...settings,
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  await listening(child)
  const url = `http://127.0.0.1:${port}`
  let authorization = ''
  const query: RunningServer['query'] = async (document, variables = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      // What compression costs is not what is asked here.
      headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', ...(authorization && { authorization }) },
      body: JSON.stringify({ query: document, variables }),
    })
    const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown }
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }
  authorization = await signIn(url)
  const pid = child.pid!
  return {
    url,
    pid,
    query,
    rss: async () => {
      // 5 sets the peak back to what it is now: https://docs.kernel.org/filesystems/proc.html, clear_refs.
      await writeFile(`/proc/${pid}/clear_refs`, '5')
      return memoryOf(pid, 'VmRSS')
    },
    peak: () => memoryOf(pid, 'VmHWM'),
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** The first administrator, at any server on a home of `startRunningServer`. @returns the header `authorization` */
export async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { login(email: "admin@localhost.local", password: "${password}") { token } }` }),
  })
  const { data } = (await response.json()) as { data: { login: { token: string } } }
  return `Bearer ${data.login.token}`
}

async function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)![1]) * 1024
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function listening(child: ChildProcess): Promise<void> {
  let said = ''
  for await (const part of child.stderr!) {
    said += part
    if (said.includes('/graphql')) {
      child.stderr!.resume()
      return
    }
  }
  throw new Error(`the server did not start:\n${said}`)
}
