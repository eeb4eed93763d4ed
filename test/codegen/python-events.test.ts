import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeWith } from '../backends.js'
import { readEvents, runWhen, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedProject } from '../seed.js'
import { runPython, startPython } from './python-process.js'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js'

let hub: TestHub
let proxy: TcpProxy
beforeAll(async () => {
  proxy = await startTcpProxy(() => hub.url)
  hub = await createTestHub()
})
afterEach(() => {
  proxy.onChunk = null
})
afterAll(async () => {
  await proxy.close()
  await hub.close()
})

const environment = (url = proxy.url) => ({ DHUO_URL: url, DHUO_ACCESS_KEY: hub.admin })
const slowly = (lines: number, pause: number) => `import time
for i in range(${lines}):
  print(i, flush=True)
  time.sleep(${pause})`
const printSequences = `
import sys, dhuo
for event in dhuo.Dhuo().pipeline_run(sys.argv[1]).events():
    print(event.sequence, flush=True)`
const numbersIn = (out: string): number[] => out.split('\n').filter(Boolean).map(Number)
const sequencesOf = async (id: string): Promise<number[]> => (await readEvents(hub, id)).map(({ sequence }) => sequence)

describeWith('the Python client', ['python3'])('events in Python', () => {
  test('none is lost and none comes twice, however often the connection is cut', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: slowly(150, 0.01) }]))
    const follower = startPython(['-c', printSequences, id], { environment: environment() })
    let cuts = 0
    while ((await Promise.race([follower.ended, sleep(120)])) === undefined) {
      proxy.cut()
      cuts++
    }
    expect(await follower.ended).toBe(0)
    expect(cuts).toBeGreaterThan(5)
    expect(numbersIn(follower.out())).toEqual(await sequencesOf(id))
  }, 40_000)

  test('a connection that is cut in the middle of a message, or before the greeting, is one that is cut', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: slowly(150, 0.02) }]))
    let chunks = 0
    proxy.onChunk = () => (++chunks % 7 === 0 && chunks < 120 ? 'cut' : 'pass')
    const out = await runPython(printSequences, { environment: environment() }, [id])
    expect(chunks).toBeGreaterThan(20)
    expect(numbersIn(out)).toEqual(await sequencesOf(id))
  }, 40_000)

  test('where WebSockets do not get through, it asks', async () => {
    const strict = createServer((incoming, outgoing) => {
      const headers = { ...incoming.headers, host: new URL(hub.url).host }
      const asked = request(hub.url + incoming.url, { method: incoming.method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
      })
      incoming.pipe(asked)
    })
    strict.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
    await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve))
    try {
      const id = await startRun(hub, await seedDeployment(hub, [{ script: slowly(20, 0.02) }]))
      const url = `http://127.0.0.1:${(strict.address() as AddressInfo).port}`
      const out = await runPython(printSequences, { environment: environment(url) }, [id])
      expect(numbersIn(out)).toEqual(await sequencesOf(id))
    } finally {
      strict.closeAllConnections()
      strict.close()
    }
  }, 30_000)

  test('a subscription without a cursor says that something may be missing', async () => {
    const project = await seedProject(hub)
    const script = `
import sys, dhuo
from dhuo.errors import StreamInterrupted
changes = dhuo.Dhuo().api.watch_pipeline_runs(sys.argv[1])
print("watching", flush=True)
try:
    next(changes)
except StreamInterrupted as error:
    print("interrupted", isinstance(error, ConnectionError))`
    const watcher = startPython(['-c', script, project.name], { environment: environment() })
    await watcher.printed('watching')
    await sleep(500)
    proxy.cut()
    expect(await watcher.ended).toBe(0)
    expect(watcher.out()).toContain('interrupted True')
  }, 20_000)
})

describeWith('the Python client', ['python3'])('who looks at a run in Python', () => {
  const look = (how: string, id: string) =>
    startPython(['-c', `import sys, dhuo\nd = dhuo.Dhuo()\nrun = d.pipeline_run(sys.argv[1])\n${how}\nprint("after")`, id], {
      environment: environment(),
    })

  test('may stop with Ctrl-C: it goes on, and another process sees all of it', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: slowly(40, 0.03) }]))
    const first = look('run.live()', id)
    await first.printed('| 5')
    first.process.kill('SIGINT')
    expect(await first.ended).toBe(0)
    expect(first.out()).toContain(`Come back with: d.pipeline_run("${id}").live()`)
    expect(first.out()).toContain('after')
    const second = look('run.live()', id)
    expect(await second.ended).toBe(0)
    const lines = [...second.out().matchAll(/\| (\d+)$/gm)].map(([, number]) => Number(number))
    expect(lines).toEqual(Array.from({ length: 40 }, (_, index) => index))
    expect((await runWhen(hub, id)).status).toBe('SUCCEEDED')
  }, 30_000)

  test('may stop waiting with Ctrl-C, and is told how to come back', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: slowly(30, 0.05) }]))
    const waiting = look('print("waiting"); run.result()', id)
    await waiting.printed('waiting')
    await sleep(500)
    waiting.process.kill('SIGINT')
    expect(await waiting.ended).toBe('SIGINT')
    expect(waiting.err()).toContain('KeyboardInterrupt')
    expect(waiting.out()).toContain('the run goes on')
    expect((await runWhen(hub, id)).status).toBe('SUCCEEDED')
  }, 30_000)

  test('sees it through a restart of the server', async () => {
    const own = await createTestHub({ DHUO_JOB_GRACE_SECONDS: '1' })
    const between = await startTcpProxy(() => own.url)
    try {
      const script = `import os, sys, time
file = os.path.join(sys.argv[1], "begun")
again = os.path.exists(file)
open(file, "a").write("x")
print("again" if again else "begun", flush=True)
time.sleep(0 if again else 60)`
      const deployment = await seedDeployment(own, [{ script, arguments: [own.home], maxAttempts: 2 }])
      const id = await startRun(own, deployment)
      const live = startPython(['-c', `import sys, dhuo\ndhuo.Dhuo().pipeline_run(sys.argv[1]).live()`, id], {
        environment: { ...environment(between.url), DHUO_ACCESS_KEY: own.admin },
      })
      await live.printed('| begun')
      await own.restart()
      expect(await live.ended).toBe(0)
      expect(live.out().match(/\| begun/g)).toHaveLength(1)
      expect(live.out()).toMatch(/\| again[\s\S]*run\s+SUCCEEDED/)
    } finally {
      await between.close()
      await own.close()
    }
  }, 40_000)
})
