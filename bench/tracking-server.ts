// A server with one run, in a process of its own, for the benchmarks of metrics.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'

export interface TrackingServer {
  /** The id of the run. */
  run: string
  /** A request that is JSON already. @returns the data of the answer @throws its errors */
  send(body: string): Promise<unknown>
  close(): Promise<void>
}

const email = 'admin@example.com'
const password = 'correct horse battery'

/** @param home its directory; the catalog is the file catalog.db in it */
export async function startTrackingServer(home: string): Promise<TrackingServer> {
  const env = {
    ...process.env,
    PORT: '0',
    DHUO_HOME: home,
    DHUO_LOG_LEVEL: 'error',
    DHUO_ADMIN_EMAIL: email,
    DHUO_ADMIN_PASSWORD: password,
  }
  const main = join(import.meta.dirname, '..', 'dist', 'main.js')
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const url = await addressOf(child)
  const agent = new Agent({ keepAlive: true })
  let token = ''

  const send = (body: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...(token && { authorization: `Bearer ${token}` }),
      }
      request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const answer = JSON.parse(Buffer.concat(chunks).toString()) as { data: unknown; errors?: unknown }
          if (answer.errors) reject(new Error(JSON.stringify(answer.errors)))
          else resolve(answer.data)
        })
      })
        .on('error', reject)
        .end(body)
    })
  const data = async <T>(query: string, variables: object = {}): Promise<T> =>
    (await send(JSON.stringify({ query, variables }))) as T

  const { login } = await data<{ login: { token: string } }>(
    'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token } }',
    { email, password },
  )
  token = login.token
  await data('mutation { createProject(input: { name: "bench" }) { id } }')
  const { createExperiment } = await data<{ createExperiment: { id: string } }>(
    'mutation { createExperiment(input: { project: "bench", name: "bench" }) { id } }',
  )
  const { createRun } = await data<{ createRun: { id: string } }>(
    'mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }',
    { input: { experiment: createExperiment.id } },
  )
  return {
    run: createRun.id,
    send,
    async close() {
      agent.destroy()
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** It says on standard error where it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr!.on('data', (chunk) => {
      said += String(chunk)
      const url = /(http:\/\/\S+?)\/graphql/.exec(said)?.[1]
      if (url) resolve(url)
    })
    child.once('exit', () => reject(new Error(`the server did not start: ${said}`)))
  })
}
