// Answers online predictions with warm Python processes of this machine, one for each handler.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocalFunctionsConfig } from '../../config/functions-config.js'
import { badInput, DhuoError } from '../../errors.js'
import type { FunctionDefinition, FunctionInvoker } from './function-invoker.js'
import { type HandlerFiles, placeHandler, removeLeftovers } from './handler-files.js'
import { diedTwice } from './handler-reply.js'
import { LocalFunctionWorker, WorkerEnded } from './local-function-worker.js'

/** As in OCI Functions: https://docs.oracle.com/iaas/Content/Functions/Tasks/functionsinvokingfunctions.htm */
const maxPayloadBytes = 6 * 2 ** 20
const maxUnpackedBytes = 4 * 2 ** 30
const leastLoadMs = 60_000
const workersByDefault = 4

/** One key. Its calls are answered one after the other. */
interface Handler {
  definition: FunctionDefinition
  files: Promise<HandlerFiles> | null
  worker: LocalFunctionWorker | null
  last: Promise<unknown>
  /** Calls that are under way or wait. */
  users: number
  usedAt: number
  idle: NodeJS.Timeout | undefined
  isReleased: boolean
}

export async function openLocalFunctionInvoker(config: LocalFunctionsConfig): Promise<FunctionInvoker> {
  const root = join(config.directory, 'functions')
  const own = `${process.pid}-${randomUUID()}`
  await mkdir(root, { recursive: true, mode: 0o700 })
  await removeLeftovers(root, own)
  return new LocalFunctionInvoker(config, join(root, own))
}

class LocalFunctionInvoker implements FunctionInvoker {
  readonly kind = 'local'
  readonly limits
  readonly #handlers = new Map<string, Handler>()
  readonly #waiting: (() => void)[] = []
  /** Processes that are there, or are about to be. */
  #live = 0
  #isClosed = false

  constructor(
    private readonly config: LocalFunctionsConfig,
    private readonly directory: string,
  ) {
    this.limits = { maxPayloadBytes, timeoutMs: config.timeoutMs }
  }

  async ping(): Promise<void> {
    if (this.#isClosed) throw closed()
  }

  /** Each is a process, and there are few: a call starts it. */
  async prepare(): Promise<void> {}

  async keys(): Promise<string[]> {
    return [...this.#handlers.keys()]
  }

  async invoke(definition: FunctionDefinition, rows: readonly unknown[], signal: AbortSignal): Promise<unknown[]> {
    signal.throwIfAborted()
    if (this.#isClosed) throw closed()
    const bytes = Buffer.byteLength(JSON.stringify(rows))
    if (bytes > maxPayloadBytes)
      throw badInput('rows', `The rows have ${bytes} bytes of JSON; at most ${maxPayloadBytes} are answered at once.`)
    const handler = this.#handlerOf(definition)
    handler.users++
    clearTimeout(handler.idle)
    return new Promise((resolve, reject) => {
      let isWaiting = true
      const { timeoutMs } = this.config
      const busy = () =>
        new DhuoError('TIMEOUT', `All handlers were busy for longer than ${timeoutMs / 1000} seconds. Try again.`)
      const giveUp = (error: unknown) => {
        isWaiting = false
        reject(error)
      }
      const timer = setTimeout(() => giveUp(busy()), timeoutMs)
      // A call that is under way goes on: the handler stays warm, and its time is bounded.
      const onAbort = () => giveUp(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      const begin = (): boolean => {
        clearTimeout(timer)
        return isWaiting
      }
      const work = handler.last.then(() => (isWaiting ? this.#call(handler, rows, begin) : []))
      handler.last = work.then(resolve, reject).finally(() => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        this.#leave(handler)
      })
    })
  }

  async release(key: string): Promise<void> {
    const handler = this.#handlers.get(key)
    if (!handler) return
    this.#handlers.delete(key)
    handler.isReleased = true
    if (handler.users === 0) await this.#end(handler)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const handlers = [...this.#handlers.values()]
    for (const handler of handlers) {
      handler.worker?.kill()
      clearTimeout(handler.idle)
    }
    for (const wake of this.#waiting.splice(0)) wake()
    await Promise.all(handlers.flatMap(({ worker, last }) => [worker?.gone, last]))
    await rm(this.directory, { recursive: true, force: true })
  }

  #handlerOf(definition: FunctionDefinition): Handler {
    const found = this.#handlers.get(definition.key)
    if (found) return found
    const made: Handler = {
      ...{ definition, files: null, worker: null, last: Promise.resolve(), users: 0, usedAt: 0, idle: undefined },
      isReleased: false,
    }
    this.#handlers.set(definition.key, made)
    return made
  }

  /** @param begin to be called when nothing has to be waited for any more; false when nobody waits for the answer */
  async #call(handler: Handler, rows: readonly unknown[], begin: () => boolean): Promise<unknown[]> {
    for (let attempt = 1; ; attempt++) {
      const worker = await this.#workerOf(handler, begin)
      if (!begin() || worker === null) return []
      try {
        return await worker.call(rows, this.config.timeoutMs)
      } catch (error) {
        if (!(error instanceof WorkerEnded)) throw error
        if (this.#isClosed) throw closed()
        if (attempt === 2) throw diedTwice(error.message)
      }
    }
  }

  async #workerOf(handler: Handler, begin: () => boolean): Promise<LocalFunctionWorker | null> {
    if (handler.worker && !handler.worker.hasEnded) return handler.worker
    await handler.worker?.gone
    handler.worker = null
    await this.#takePlace()
    if (this.#isClosed || !begin()) {
      this.#givePlace()
      if (this.#isClosed) throw closed()
      return null
    }
    try {
      const { python, inherited, timeoutMs } = this.config
      const { key, environment } = handler.definition
      const directory = join(this.directory, createHash('sha256').update(key).digest('hex').slice(0, 32))
      handler.files ??= placeHandler(directory, handler.definition)
      const files = await handler.files.catch((error: unknown) => {
        handler.files = null
        throw error
      })
      const variables = { HOME: directory, TMPDIR: join(directory, 'tmp'), PYTHONIOENCODING: 'utf-8', PYTHONUNBUFFERED: '1' }
      const worker = new LocalFunctionWorker(
        python,
        { ...inherited, ...variables, ...environment },
        { ...files, maxPayloadBytes, maxUnpackedBytes },
      )
      handler.worker = worker
      void worker.gone.then(() => this.#givePlace())
      if (this.#isClosed) worker.kill()
      await worker.ready(Math.max(timeoutMs, leastLoadMs))
      return worker
    } catch (error) {
      if (handler.worker === null) this.#givePlace()
      throw error
    }
  }

  /** Waits until there may be one process more; the one that was idle for longest makes room. */
  async #takePlace(): Promise<void> {
    while (this.#live >= (this.config.workersAtOnce ?? workersByDefault) && !this.#isClosed) {
      const idle = [...this.#handlers.values()]
        .filter(({ users, worker }) => users === 0 && worker && !worker.hasEnded)
        .sort((a, b) => a.usedAt - b.usedAt)[0]
      if (idle) {
        const { worker } = idle
        idle.worker = null
        worker!.kill()
        await worker!.gone
      } else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#live++
  }

  #givePlace(): void {
    this.#live--
    this.#waiting.shift()?.()
  }

  #leave(handler: Handler): void {
    handler.users--
    handler.usedAt = performance.now()
    if (handler.users > 0) return
    if (handler.isReleased) void this.#end(handler)
    else if (!this.#isClosed)
      handler.idle = setTimeout(() => void this.release(handler.definition.key), this.config.idleMs).unref()
    // Whoever waits for a place may have this one's.
    this.#waiting.shift()?.()
  }

  async #end({ worker, files, idle }: Handler): Promise<void> {
    clearTimeout(idle)
    worker?.kill()
    await worker?.gone
    const placed = await files?.catch(() => null)
    if (placed) await rm(placed.directory, { recursive: true, force: true })
  }
}

const closed = (): DhuoError => new DhuoError('BACKEND_UNAVAILABLE', 'The server is stopping.')
