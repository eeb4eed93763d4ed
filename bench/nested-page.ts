// A page of experiments with their runs, the metrics and the model versions of each: the server as it is in production, against
// the same schema on the same catalog as type-graphql and Apollo Server run it by default (naive-server.ts).
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchRow } from './bench-row.js'
import { asker, checkSize, median, rateOf, seed, size } from './nested-page-load.js'
import { signIn, startRunningServer } from './running-server.js'

export const name = 'nested page'

const rounds = 15

export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-nested-'))
  const [ours, theirs] = [join(directory, 'ours'), join(directory, 'theirs')]
  const agent = new Agent({ keepAlive: true })
  let server = await startRunningServer(ours)
  let naive: NaiveServer | undefined
  try {
    await seed(server)
    await server.close()
    // Of a copy: only one process may have the lake house open.
    await cp(ours, theirs, { recursive: true })
    server = await startRunningServer(ours)
    naive = await startNaiveServer(theirs)
    const askOurs = asker(agent, server.url, await signIn(server.url))
    const askTheirs = asker(agent, naive.url, await signIn(naive.url))
    const [answer, naiveAnswer] = [await askOurs(), await askTheirs()]
    // Apollo ends its own with a line feed.
    if (answer.toString() !== naiveAnswer.toString().trimEnd()) throw new Error('the two servers answer differently')
    checkSize(answer)

    const measured: number[] = []
    const baseline: number[] = []
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const [own, other] = [await rateOf(askOurs), await rateOf(askTheirs)]
      if (round === 0) continue
      measured.push(own)
      baseline.push(other)
    }
    const ratio = median(measured.map((figure, round) => figure / baseline[round]!))
    return [
      {
        figure: size(answer),
        measured: `${median(measured).toFixed(1)} requests/s`,
        baseline: `${median(baseline).toFixed(1)} requests/s, defaults of type-graphql and Apollo`,
        ratio,
        wanted: '≥ 2.5',
        ok: ratio >= 2.5,
      },
    ]
  } finally {
    agent.destroy()
    await naive?.close()
    await server.close()
    await rm(directory, { recursive: true, force: true })
  }
}

interface NaiveServer {
  url: string
  close(): Promise<void>
}

async function startNaiveServer(home: string): Promise<NaiveServer> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'naive-server.ts'), [home], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const [url] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the naive server did not start'))),
  ])) as [string]
  return {
    url,
    async close() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
