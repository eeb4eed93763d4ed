// One warm Python process with a handler in it: started, asked, ended.
import { type ChildProcess, spawn } from 'node:child_process'
import type { DhuoError } from '../../errors.js'
import { cannotBeLoaded, type HandlerReply, predictionsOf, tookTooLong } from './handler-reply.js'
import { hostProgram } from './local-function-host.js'

export interface WorkerSettings {
  directory: string
  script: string
  /** The directory of the model's files. */
  model: string
  archive: string | null
  maxPayloadBytes: number
  maxUnpackedBytes: number
}

/** To a line of rows it says which it was. */
type Reply = HandlerReply & { id?: number }

interface Pending {
  resolve(reply: Reply): void
  reject(error: unknown): void
}

/** The process has ended, whatever it was asked. */
export class WorkerEnded extends Error {
  override readonly name = 'WorkerEnded'
}

/** Bytes of stderr that are kept for the message when it ends. */
const keptOutput = 2_000
const absolutePath = /(?<![\w:/.])(?:\/[^\s/'":,()]+)+\/([^\s/'":,()]+)/g

export class LocalFunctionWorker {
  readonly #process: ChildProcess
  readonly #longestReply: number
  #reading: Buffer[] = []
  #readBytes = 0
  #output = ''
  #ended: WorkerEnded | null = null
  #pending: Pending | null = null
  #isKilled = false
  #calls = 0
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>

  constructor(python: string, environment: Readonly<Record<string, string>>, settings: WorkerSettings) {
    this.#longestReply = settings.maxPayloadBytes + 65_536
    // A session of its own: whatever the handler starts ends with it.
    this.#process = spawn(python, ['-u', '-c', hostProgram()], {
      cwd: settings.directory,
      env: environment,
      detached: true,
      stdio: 'pipe',
    })
    const { stdin, stdout, stderr } = this.#process
    this.gone = new Promise((resolve) => {
      this.#process.once('error', (cause) =>
        this.#end(`Python does not start (${(cause as NodeJS.ErrnoException).code})`, resolve),
      )
      this.#process.once('exit', (code, signal) =>
        // Its last words may come behind the news of its end.
        setTimeout(() => this.#end(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`, resolve), 20),
      )
    })
    // Broken when the process has ended, which is told above.
    stdin!.on('error', () => {})
    stdout!.on('data', (chunk: Buffer) => this.#read(chunk))
    stderr!.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-keptOutput)
    })
    this.#write(settings)
  }

  get hasEnded(): boolean {
    return this.#isKilled || this.#ended !== null
  }

  /** @throws PRECONDITION_FAILED with what the handler said */
  async ready(withinMs: number): Promise<void> {
    try {
      const reply = await this.#reply(withinMs)
      if (reply.failed === undefined) return
      throw cannotBeLoaded(reply.failed)
    } catch (error) {
      this.kill()
      await this.gone
      if (error instanceof WorkerEnded) throw cannotBeLoaded(error.message)
      if ((error as DhuoError).code === 'TIMEOUT') throw cannotBeLoaded(`it took longer than ${withinMs / 1000} seconds`)
      throw error
    }
  }

  /**
   * One call at a time.
   * @throws TIMEOUT (the process is killed), BAD_USER_INPUT the handler raised, BACKEND_UNAVAILABLE what it returned is no answer;
   * WorkerEnded
   */
  async call(rows: readonly unknown[], withinMs: number): Promise<unknown[]> {
    const id = ++this.#calls
    const replied = this.#reply(withinMs)
    this.#write({ id, rows })
    const reply = await replied.catch((error: unknown) => {
      this.kill()
      throw error
    })
    return predictionsOf(reply.id === id ? reply : {})
  }

  /** Ends the process, and what it started, now. */
  kill(): void {
    this.#isKilled = true
    const { pid } = this.#process
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      this.#process.kill('SIGKILL')
    }
  }

  #reply(withinMs: number): Promise<Reply> {
    if (this.#ended) return Promise.reject(this.#ended)
    const waiting = new Promise<Reply>((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
    const timer = setTimeout(() => this.#settle(({ reject }) => reject(tookTooLong(withinMs / 1000))), withinMs)
    return waiting.finally(() => clearTimeout(timer))
  }

  #settle(how: (pending: Pending) => void): void {
    const pending = this.#pending
    this.#pending = null
    if (pending) how(pending)
  }

  #write(message: object): void {
    this.#process.stdin!.write(`${JSON.stringify(message)}\n`)
  }

  #read(chunk: Buffer): void {
    this.#reading.push(chunk)
    this.#readBytes += chunk.length
    if (this.#readBytes > this.#longestReply) this.kill()
    if (chunk.at(-1) !== 0x0a || this.#isKilled) return
    const line = Buffer.concat(this.#reading).toString()
    this.#reading = []
    this.#readBytes = 0
    let reply: Reply = {}
    try {
      reply = JSON.parse(line) as Reply
    } catch {
      // Somebody found the pipe and wrote into it: no answer of ours.
    }
    this.#settle(({ resolve }) => resolve(reply))
  }

  #end(how: string, gone: () => void): void {
    const output = this.#output.trim().split('\n').slice(-5).join('\n').replace(absolutePath, '$1')
    this.#ended ??= new WorkerEnded(output === '' ? how : `${how}: ${output}`)
    this.kill()
    this.#settle(({ reject }) => reject(this.#ended))
    gone()
  }
}
