import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'

export const wrapperFile = join(import.meta.dirname, '..', '..', 'templates', 'dhuo_wrapper.py')

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}
export interface RunningScript {
  child: ChildProcess
  ended: Promise<Ended>
}

/** Scripts in a directory of their own. */
export class ScriptPlace {
  #directory = ''
  #count = 0

  async open(): Promise<this> {
    this.#directory = await mkdtemp(join(tmpdir(), 'dhuo-wrapper-'))
    return this
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }

  /** @param environment null: without the wrapper */
  async start(
    script: string,
    environment: Record<string, string> | null,
    args: readonly string[] = [],
    python = 'python3',
  ): Promise<RunningScript> {
    const file = join(this.#directory, `script-${++this.#count}.py`)
    await writeFile(file, script)
    const child = spawn(python, ['-u', ...(environment === null ? [] : [wrapperFile]), file, ...args], {
      cwd: this.#directory,
      env: { PATH: process.env['PATH'], PYTHONIOENCODING: 'utf-8', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exit = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => child.once('exit', (...how) => resolve(how)))
    const ended = Promise.all([exit, text(child.stdout!), text(child.stderr!)]).then(
      ([[code, signal], stdout, stderr]): Ended => {
        const hide = (said: string): string => said.replaceAll(file, 'SCRIPT').replaceAll(basename(file), 'SCRIPT')
        return { code, signal, stdout: hide(stdout), stderr: hide(stderr) }
      },
    )
    return { child, ended }
  }

  async run(...given: Parameters<ScriptPlace['start']>): Promise<Ended> {
    return (await this.start(...given)).ended
  }
}

export const serverEnvironment = (url: string, tuning = ''): Record<string, string> => ({
  ...{ DHUO_URL: url, DHUO_ACCESS_KEY: 'dhuo_key_x', DHUO_PIPELINE_RUN: 'prun_1', DHUO_STEP: 'train', DHUO_ATTEMPT: '2' },
  ...(tuning && { DHUO_WRAPPER: tuning }),
})

/** What was printed, without the numbers of the wrapper. */
export const withoutNumbers = (printed: string): string =>
  printed.replaceAll(/^\[dhuo (0 [^\]]*|end)\].*\n/gm, '').replaceAll(/^\[dhuo \d+ \+[\d.]+( system| mark)?\] /gm, '')

/** Pids of the wrapper's own processes for a script: those that watch it. The youngest last. */
export async function watchersOf(environment: Record<string, string>, script: number): Promise<number[]> {
  const found: number[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    if (pid === script) continue
    const [variables, command] = await Promise.all(
      ['environ', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')),
    )
    if (variables!.includes(`DHUO_URL=${environment['DHUO_URL']}\0`) && command!.includes('dhuo_wrapper')) found.push(pid)
  }
  return found.sort((a, b) => a - b)
}
