import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { ZipArchive } from 'archiver'
import type { LocalFunctionsConfig } from '../../src/config/functions-config.js'
import { readConfig } from '../../src/config.js'
import type { FunctionDefinition, FunctionInvoker } from '../../src/datasources/functions/function-invoker.js'
import { openLocalFunctionInvoker } from '../../src/datasources/functions/local-function-invoker.js'
import { fileOf, functionInvokerContract, handlerOf, noModel, times } from '../contracts/function-invoker-contract.js'

const localConfig = (home: string) => readConfig({ DHUO_HOME: home, PATH: process.env['PATH'] }).functions as LocalFunctionsConfig
const directories: string[] = []
async function open(over: Partial<LocalFunctionsConfig> = {}) {
  const home = await mkdtemp(join(tmpdir(), 'functions-'))
  directories.push(home)
  const config = { ...localConfig(home), ...over }
  const invoker = await openLocalFunctionInvoker(config)
  return { home: config.directory, invoker, close: () => invoker.close() }
}
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true })
})

functionInvokerContract('local', () => open())

const never = () => new AbortController().signal
const ask = (invoker: FunctionInvoker, definition: FunctionDefinition, ...rows: unknown[]) =>
  invoker.invoke(definition, rows, never())
const pidOf = `${noModel}import os, time\ndef predict(model, rows):\n    time.sleep(rows[0])\n    return [os.getpid()] * len(rows)`
const isAlive = (pid: unknown): boolean => {
  try {
    return process.kill(Number(pid), 0)
  } catch {
    return false
  }
}
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + 5_000; !(await holds()); await sleep(20))
    if (Date.now() > deadline) throw new Error('it did not come to that')
}

describe('warm processes of this machine', () => {
  test('a call that takes too long ends its process and what that started; the next has a new one', async () => {
    const { invoker, close, home } = await open({ timeoutMs: 1_000 })
    const script = `${noModel}import os, subprocess, sys
def predict(model, rows):
    if rows[0] == "hang":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
        open(rows[1], "w").write(f"{os.getpid()} {child.pid}")
        while True: pass
    return rows
`
    const handler = handlerOf(script)
    const noted = join(home, 'noted')
    await expect(ask(invoker, handler, 'hang', noted)).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('1 second'),
    })
    const pids = (await readFile(noted, 'utf8')).split(' ')
    await until(() => pids.every((pid) => !isAlive(pid)))
    expect(await ask(invoker, handler, 'fine')).toEqual(['fine'])
    await close()
  })

  test('there are no more of them than may be: who was idle for longest makes room, and who waits has a turn', async () => {
    const { invoker, close } = await open({ workersAtOnce: 2 })
    const handlers = Array.from({ length: 5 }, () => handlerOf(pidOf))
    const first = await ask(invoker, handlers[0]!, 0)
    const second = await ask(invoker, handlers[1]!, 0)
    await ask(invoker, handlers[0]!, 0)
    await ask(invoker, handlers[2]!, 0)
    expect([isAlive(first[0]), isAlive(second[0])]).toEqual([true, false])
    const answers = await Promise.all(handlers.map((handler) => ask(invoker, handler, 0.05)))
    expect(new Set(answers.flat()).size).toBe(5)
    await until(() => answers.flat().filter(isAlive).length <= 2)
    await close()
    expect(answers.flat().filter(isAlive)).toEqual([])
  })

  test('a call waits for its turn no longer than a call may take', async () => {
    const { invoker, close } = await open({ timeoutMs: 1_500 })
    const handler = handlerOf(pidOf)
    await ask(invoker, handler, 0)
    const calls = await Promise.allSettled([0, 1, 2, 3].map(() => ask(invoker, handler, 1)))
    expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect((calls[3] as PromiseRejectedResult).reason).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('busy'),
    })
    await close()
  })

  test('one that nobody calls ends, with its files', async () => {
    const { invoker, close, home } = await open({ idleMs: 100 })
    const [pid] = await ask(invoker, handlerOf(pidOf), 0)
    await until(() => !isAlive(pid))
    const [own] = await readdir(join(home, 'functions'))
    await until(async () => (await readdir(join(home, 'functions', own!))).length === 0)
    await close()
    expect(await readdir(join(home, 'functions'))).toEqual([])
  })

  test('packages of the archive are found', async () => {
    const { invoker, close } = await open()
    const zip = new ZipArchive()
    zip.append('answer = 42', { name: 'python/lib/python3.11/site-packages/deep/thought.py' })
    void zip.finalize()
    const bytes = await buffer(zip)
    const archive = { ...fileOf('archive.zip', bytes), sha256: createHash('sha256').update(bytes).digest('hex') }
    const script = `${noModel}from deep.thought import answer\ndef predict(model, rows):\n    return [answer for _ in rows]`
    expect(await ask(invoker, handlerOf(script, { archive }), 1)).toEqual([42])
    await close()
  })

  test('without Python it says so', async () => {
    const { invoker, close } = await open({ python: 'no-such-python' })
    await expect(ask(invoker, handlerOf(times), 1)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('Python does not start'),
    })
    await close()
  })

  test('none outlives a server that is killed, not even in an endless loop; its files go with the next start', async () => {
    const home = await mkdtemp(join(tmpdir(), 'functions-killed-'))
    directories.push(home)
    // The server's part: it holds the only end of the pipe, and dies without a word.
    const { hostProgram } = await import('../../src/datasources/functions/local-function-host.js')
    const script = join(home, 'predict.py')
    const noted = join(home, 'noted')
    const child = 'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])'
    await writeFile(
      script,
      `${noModel}import subprocess, sys\ndef predict(model, rows):\n    open("${noted}", "w").write(str(${child}.pid))\n    while True: pass`,
    )
    const settings = { directory: home, script, model: home, archive: null, maxPayloadBytes: 100, maxUnpackedBytes: 100 }
    const server = spawn(process.execPath, [
      '-e',
      `const child = require('node:child_process').spawn('python3', ['-c', process.argv[1]], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
       child.stdin.write(process.argv[2] + '\\n')
       child.stdout.once('data', () => { child.stdin.write('{"id": 1, "rows": [1]}\\n'); console.log(child.pid) })`,
      hostProgram(),
      JSON.stringify(settings),
    ])
    const [said] = (await once(server.stdout, 'data')) as [Buffer]
    const pid = Number(said.toString())
    let grandchild = ''
    await until(async () => {
      grandchild = await readFile(noted, 'utf8').catch(() => '')
      return grandchild !== ''
    })
    expect([pid, grandchild].map(isAlive)).toEqual([true, true])
    server.kill('SIGKILL')
    await once(server, 'exit')
    await until(() => !isAlive(pid) && !isAlive(grandchild))

    await mkdir(join(home, 'functions', `${server.pid}-left`, 'model'), { recursive: true })
    const config = localConfig(home)
    const invoker = await openLocalFunctionInvoker(config)
    expect(await readdir(join(home, 'functions'))).toEqual([])
    expect(await ask(invoker, handlerOf(times), 2)).toEqual([6])
    await invoker.close()
    await expect(ask(invoker, handlerOf(times), 2)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})
