import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const root = join(import.meta.dirname, '..', '..')
const started: ChildProcess[] = []
const homes: string[] = []

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  for (const home of homes) await rm(home, { recursive: true, force: true, maxRetries: 5 })
})

interface Demo {
  child: ChildProcess
  said(): string
  /** Resolves with the exit code. */
  ended: Promise<number | null>
  /** Resolves when it has said it; fails when it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
}

function startDemo(args: readonly string[], env: Record<string, string> = {}): Demo {
  const child = spawn(process.execPath, [join(root, 'scripts', 'demo.mjs'), '--port', '0', ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let said = ''
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream!.setEncoding('utf8').on('data', (text: string) => {
      said += text
      for (const look of waiting) look()
    })
  return {
    child,
    said: () => said,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said)
          if (found) resolve(found)
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`It ended before it said ${pattern}:\n${said}`)))
      }),
  }
}

/** Where its server keeps its files. */
async function homeOf(demo: Demo): Promise<string> {
  const [, home] = await demo.says(/its files are in (\S+)/)
  const path = join(root, home!)
  homes.push(path)
  return path
}

/** Processes of the demo's server and of its scripts, whoever their parent is now. */
async function processesOf(home: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (environment.includes(home)) found.push(pid)
  }
  return found
}

beforeAll(async () => {
  // As `npm run demo` does before it.
  const build = spawn('npm', ['run', '-s', 'build'], { cwd: root, stdio: 'inherit' })
  expect(await once(build, 'exit')).toEqual([0, null])
}, 120_000)

describe('npm run demo -- --exit', () => {
  test.each([
    ['iris', /accuracy +(9\d|100)\.\d %: \d+ of 30 flowers/, 'evaluate', 3858],
    ['weather', /RMSE +[23]\.\d\d °C on 728 days/, 'train-season', 121417],
  ])(
    '%s goes from the file to the prediction and back, and leaves nothing',
    async (example, score, step, bytes) => {
      const demo = startDemo(['--exit', '--example', example])
      const home = await homeOf(demo)
      expect(await readdir(home)).toContain('catalog.db')
      await demo.says(new RegExp(`s  ${step} +RUNNING`))
      expect(await processesOf(home)).not.toEqual([])
      expect([await demo.ended, demo.said()]).toEqual([0, expect.stringContaining('All done in')])
      expect(demo.said()).toMatch(score)
      expect(demo.said()).toContain(`${example}.csv: ${bytes} bytes, SHA-256`)
      expect(demo.said()).toContain('as they were uploaded')
      expect(demo.said()).toMatch(/predict +SUCCEEDED/)
      expect(demo.said()).toMatch(/next \d{4}-\d\d-\d\dT/)
      // Not a terminal: nothing moves the cursor.
      expect(stripVTControlCharacters(demo.said())).toBe(demo.said())
      expect(demo.said()).not.toContain('\r')
      expect(await processesOf(home)).toEqual([])
      await expect(readdir(home)).rejects.toThrow('ENOENT')
    },
    120_000,
  )

  test('settings of real backends do not reach it', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'dhuo-elsewhere-'))
    homes.push(elsewhere)
    const demo = startDemo(['--exit'], {
      DHUO_HOME: elsewhere,
      DHUO_CATALOG_URL: `sqlite:${join(elsewhere, 'catalog.db')}`,
      DHUO_PUBLIC_URL: 'https://graph.example.com',
    })
    await homeOf(demo)
    expect([await demo.ended, demo.said()]).toEqual([0, expect.stringContaining('All done in')])
    expect(await readdir(elsewhere)).toEqual([])
  }, 120_000)

  test('without Python it says so, and starts nothing', async () => {
    const demo = startDemo(['--exit'], { DHUO_PYTHON: 'no-such-python' })
    expect(await demo.ended).toBe(1)
    expect(demo.said()).toContain('there is no "no-such-python" on this machine. Install Python 3.9 or newer, or set DHUO_PYTHON')
    expect(demo.said()).not.toContain('Server')
  })

  test('a port that is taken ends it with the reason', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const homesBefore = await readdir(join(root, '.dhuo')).catch(() => [])
    const demo = startDemo(['--exit', '--port', String(port)])
    expect(await demo.ended).toBe(1)
    expect(await readdir(join(root, '.dhuo'))).toEqual(homesBefore)
    expect(demo.said()).toMatch(new RegExp(`✗ The server did not start:[\\s\\S]*${port}`))
    other.close()
  }, 60_000)

  test.each([
    [['--example', 'moon'], 'There is no example "moon"; there are iris, weather.'],
    [['--port', '70000'], '"70000" is no port.'],
    [['--fast'], '--fast'],
  ])('%j is refused', async (args, reason) => {
    const demo = startDemo(['--exit', ...args])
    expect(await demo.ended).toBe(1)
    expect(demo.said()).toContain(reason)
  })

  test.each([['SIGINT'], ['SIGTERM']] as const)(
    '%s in the middle ends all of it, and not with 0',
    async (signal) => {
      const demo = startDemo(['--exit'])
      const home = await homeOf(demo)
      await demo.says(/train +RUNNING/)
      demo.child.kill(signal)
      expect(await demo.ended).toBe(130)
      expect(await processesOf(home)).toEqual([])
    },
    60_000,
  )

  test('it ends with the reason when its server is killed', async () => {
    const demo = startDemo(['--exit'])
    const home = await homeOf(demo)
    await demo.says(/project +iris/)
    const [, url] = /(http:\S+),/.exec(demo.said())!
    expect((await fetch(`${url}/healthz`)).ok).toBe(true)
    for (const pid of await processesOf(home)) process.kill(Number(pid), 'SIGKILL')
    expect(await demo.ended).toBe(1)
    expect(demo.said()).toMatch(/✗ The server did not end well \(SIGKILL\)/)
  }, 60_000)
})

describe('npm run demo', () => {
  test('stays up with a query that its link and its token answer, until it is interrupted', async () => {
    const demo = startDemo([])
    const home = await homeOf(demo)
    await demo.says(/until Ctrl-C/)
    const [, link] = /\n {2}(http:\S+\?query=\S+)\n/.exec(demo.said())!
    const [, token] = /top of the page:\n\n {2}(\S+)\n/.exec(demo.said())!
    const { origin, pathname, searchParams } = new URL(link!)
    const response = await fetch(origin + pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: searchParams.get('query') }),
    })
    const { data, errors } = (await response.json()) as { data: { node: { rowCount: number } }; errors?: unknown }
    expect([data?.node.rowCount, errors]).toEqual([30, undefined])

    const readme = await readFile(join(root, 'README.md'), 'utf8')
    const [, shown] = /```graphql\n([\s\S]*?)```/.exec(readme)!
    const answer = await fetch(origin + pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: shown }),
    })
    expect(await answer.json()).toMatchObject({
      data: { project: { predictions: { nodes: [{ rowCount: 30, modelVersion: { stage: 'PRODUCTION' } }] } } },
    })
    // By link alone nobody gets anything.
    const page = await fetch(link!, { headers: { accept: 'text/html' } })
    expect(await page.text()).not.toContain(token)

    demo.child.kill('SIGINT')
    expect(await demo.ended).toBe(0)
    expect(demo.said()).toContain('The server has stopped. Its files stay in')
    expect(await processesOf(home)).toEqual([])
  }, 120_000)
})
