// Keeps the reaper running: a process beside the server that kills the jobs when the server dies, however it dies.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { extname, join } from 'node:path'
import { DhuoError } from '../../errors.js'

/** Beside this file: `.js` when it was built, `.ts` in tests (Node strips the types). */
const program = join(import.meta.dirname, `local-processes${extname(import.meta.filename)}`)

export class LocalJobReaper {
  readonly #runnerId: string
  /** Markers by the pid of the job's first process. */
  readonly #leaders: ReadonlyMap<number, string>
  #process: Promise<ChildProcess> | null = null
  #closed = false

  constructor(runnerId: string, leaders: ReadonlyMap<number, string>) {
    this.#runnerId = runnerId
    this.#leaders = leaders
  }

  /** Resolves when it is there. @throws BACKEND_UNAVAILABLE when it cannot be: then no job must start */
  async ready(): Promise<void> {
    this.#process ??= this.#start()
    await this.#process
  }

  async started(pid: number, marker: string): Promise<void> {
    this.#tell(await this.#process, `+${pid} ${marker} .`)
  }

  async ended(pid: number): Promise<void> {
    this.#tell(await this.#process, `-${pid} .`)
  }

  /** @param clean no job is left: it may go at once */
  async close(clean: boolean): Promise<void> {
    this.#closed = true
    const child = await this.#process?.catch(() => null)
    if (clean) this.#tell(child, 'bye')
    child?.stdin?.end()
  }

  async #start(): Promise<ChildProcess> {
    // A group of its own: a Ctrl-C in the terminal, which reaches the whole group of the server, is none of its business.
    const child = spawn(process.execPath, [program, this.#runnerId], {
      cwd: '/',
      env: {},
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const gone = new Promise<never>((_resolve, reject) => {
      const fail = (cause: unknown): void =>
        reject(new DhuoError('BACKEND_UNAVAILABLE', 'What ends the jobs of a server that dies could not be started.', { cause }))
      child.once('error', fail)
      child.once('exit', () => {
        fail(new Error('it ended'))
        this.#process = null
        // Jobs run, and nobody would end them: another one takes over. When that fails, the next job to start says so.
        if (!this.#closed && this.#leaders.size > 0) this.ready().catch(() => {})
      })
    })
    gone.catch(() => {})
    child.stdin.on('error', () => {})
    await Promise.race([once(child.stdout, 'data'), gone]).catch((error: unknown) => {
      this.#process = null
      throw error
    })
    for (const [pid, marker] of this.#leaders) this.#tell(child, `+${pid} ${marker} .`)
    child.unref()
    for (const pipe of [child.stdin, child.stdout]) (pipe as Socket).unref()
    return child
  }

  #tell(child: ChildProcess | null | undefined, line: string): void {
    child?.stdin?.write(`${line}\n`)
  }
}
