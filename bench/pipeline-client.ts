// What the pipeline benchmarks share: a server in a child process, and a client of it.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WebSocket from 'ws'
import type { BenchRow } from './bench-row.js'

export interface PipelineBench {
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into without spelling out their types
  query(text: string, variables?: Record<string, unknown>): Promise<any>
  /** The id of a deployment with a step for each script, one after the other. */
  deploy(scripts: readonly string[]): Promise<string>
  start(deployment: string): Promise<string>
  /** Calls for each message of a subscription; resolves when the server completes it. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  follow(text: string, variables: Record<string, unknown>, each: (data: any) => void): Promise<void>
  // biome-ignore lint/suspicious/noExplicitAny: one shape for each question
  ask(question: 'reset' | 'loop' | 'memory'): Promise<any>
  close(): Promise<void>
}

/** @param settings environment variables of the server, on top of those of every bench */
export async function openPipelineBench(settings: Record<string, string> = {}): Promise<PipelineBench> {
  const home = await mkdtemp(join(tmpdir(), 'dhuo-bench-'))
  const child = fork(join(import.meta.dirname, 'pipeline-server.ts'), [home, JSON.stringify(settings)], {
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const answer = async () => (await once(child, 'message'))[0]
  const { url } = await answer()
  let token = ''
  const query: PipelineBench['query'] = async (text, variables = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query: text, variables }),
    })
    const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown }
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }
  token = (await query('mutation { login(email: "admin@example.com", password: "correct horse battery") { token } }')).login.token
  const ask = (message: object) => {
    child.send(message)
    return answer()
  }
  return {
    query,
    deploy: (scripts) => ask({ ask: 'deploy', scripts }),
    start: async (deployment) =>
      (await query('mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }', { input: { deployment } }))
        .runDeployment.id,
    follow: (text, variables, each) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
        socket.on('error', reject)
        socket.on('open', () =>
          socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
        )
        socket.on('message', (bytes) => {
          const { type, payload } = JSON.parse(String(bytes))
          if (type === 'connection_ack')
            socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: text, variables } }))
          else if (type === 'next' && payload.data) each(payload.data)
          else if (type === 'complete') {
            socket.terminate()
            resolve()
          } else if (type !== 'ping') reject(new Error(String(bytes)))
        })
      }),
    ask: (question) => ask({ ask: question }),
    close: async () => {
      const exit = once(child, 'exit')
      child.send({ ask: 'close' })
      await exit
      await rm(home, { recursive: true, force: true })
    },
  }
}

export const percentile = (values: readonly number[], p: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor((values.length * p) / 100))] ?? Number.NaN

/** @param loop what the server answered when it was asked for it: milliseconds */
export const loopRow = ({ p99 }: { p99: number }): BenchRow => ({
  figure: 'event loop delay p99 meanwhile',
  measured: `${p99.toFixed(1)} ms`,
  baseline: '-',
  ratio: null,
  wanted: '< 50 ms',
  ok: p99 < 50,
})
