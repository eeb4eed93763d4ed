// One statement's time on DuckDB: its place in the queue, its connection, its deadline, and how it is stopped.
import type { DuckDBConnection } from '@duckdb/node-api'
import { DhuoError } from '../../errors.js'
import { type ErrorContext, translateDuckdbError } from './duckdb-errors.js'
import type { DuckdbProject, ProjectOptions } from './duckdb-project.js'
import type { DuckdbProjects } from './duckdb-projects.js'
import { Turnstile } from './turnstile.js'

/** A statement that runs holds a thread of libuv's pool: 16 of them here, and files, DNS and hashes need some. */
const statementsAtOnce = 8
/** A consumer that reads nothing of a stream for so long is taken for gone. */
const idleMs = 120_000
/** DuckDB answers an interrupt between vectors. A function that takes longer for one is waited for no longer than this. */
const graceMs = 1_000

export interface SessionOptions {
  project: ProjectOptions
  field: ErrorContext['field']
  timeoutMs: number
  signal: AbortSignal | undefined
}

/** What opens sessions: the queue and the instances. */
export class DuckdbSessions {
  readonly #turnstile = new Turnstile(statementsAtOnce)
  readonly #open = new Set<Session>()
  constructor(private readonly projects: DuckdbProjects) {}

  /**
   * A session, open until `close`. Waiting for it counts against its time.
   * @throws DhuoError TIMEOUT, BACKEND_UNAVAILABLE; the signal's reason when it aborts
   */
  async open(options: SessionOptions): Promise<Session> {
    options.signal?.throwIfAborted()
    const session = new Session(options, this.#turnstile, (closed) => this.#open.delete(closed))
    this.#open.add(session)
    try {
      await session.start(this.projects)
      return session
    } catch (error) {
      await session.close()
      throw session.errorFor(error)
    }
  }

  /** Runs `work` in a session of its own. Returns when the time is up even where DuckDB does not. */
  async run<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.open(options)
    const working = work(session)
    try {
      return await session.orOverdue(working)
    } catch (error) {
      throw session.errorFor(error)
    } finally {
      // Closed only when DuckDB is done with it, which may be after this has returned.
      const closing = working.then(
        () => session.close(),
        () => session.close(),
      )
      if (!session.stopped) await closing
    }
  }

  /** Stops everything and waits for it. */
  async close(): Promise<void> {
    const closed = new DhuoError('BACKEND_UNAVAILABLE', 'The server is stopping.')
    await Promise.all([...this.#open].map((session) => session.stop(closed)))
  }
}

export class Session {
  connection!: DuckDBConnection
  project!: DuckdbProject
  /** Called with the reason when the session is stopped from outside: by its time, its signal, the end of the server. */
  onStop: ((reason: unknown) => void) | null = null
  /** Called when the session has been closed. */
  onClose: (() => Promise<void>) | null = null
  readonly #hidden: [string, string][] = []
  readonly #awaiting = new Set<(reason: unknown) => void>()
  readonly #stopped: Promise<never>
  #reject!: (reason: unknown) => void
  #reason: { error: unknown } | null = null
  #timer: NodeJS.Timeout | undefined
  #interrupting: NodeJS.Timeout | undefined
  #remainingMs: number
  #since = 0
  #projects: DuckdbProjects | null = null
  #leave: (() => void) | null = null
  readonly #closed: Promise<void>
  #resolveClosed!: () => void
  #closing = false
  readonly #onAbort = () => void this.stop(this.options.signal?.reason)

  constructor(
    private readonly options: SessionOptions,
    private readonly turnstile: Turnstile,
    private readonly forget: (session: Session) => void,
  ) {
    this.#remainingMs = options.timeoutMs
    this.#stopped = new Promise((_, reject) => {
      this.#reject = reject
    })
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#stopped.catch(() => {})
    options.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get stopped(): boolean {
    return this.#reason !== null
  }

  async start(projects: DuckdbProjects): Promise<void> {
    await this.resume()
    const project = await projects.acquire(this.options.project)
    this.project = project
    this.#projects = projects
    this.connection = await project.connect()
    if (this.#reason) throw this.#reason.error
  }

  /** The clock runs, and a place among the running statements is held, until `pause`. */
  async resume(): Promise<void> {
    if (this.#reason) throw this.#reason.error
    this.#runClock(this.#remainingMs, () => timeout(this.options.timeoutMs))
    this.#since = performance.now()
    if (this.#leave === null) this.#leave = await this.turnstile.enter(this.#stopped)
  }

  /** For a stream whose consumer is slower than DuckDB: its time is not the statement's. */
  pause(): void {
    if (!this.#reason && !this.#closing) {
      this.#remainingMs = Math.max(1, this.#remainingMs - (performance.now() - this.#since))
      this.#runClock(idleMs, () => new DhuoError('TIMEOUT', 'The result was not read for too long.'))
    }
    this.#leave?.()
    this.#leave = null
  }

  /**
   * What `work` gives; rejects when the session is stopped and DuckDB has had its time to notice. Not a `Promise.race` with one
   * promise for all: that would keep every result until the end.
   */
  orOverdue<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#awaiting.add(reject)
      work.then(resolve, reject).finally(() => this.#awaiting.delete(reject))
    })
  }

  /** Interrupts what runs; it and everything after it in this session fails with `error`. Resolves when the session is closed. */
  async stop(error: unknown): Promise<void> {
    if (!this.#reason && !this.#closing) {
      this.#reason = { error }
      this.#reject(error)
      this.onStop?.(error)
      const interrupt = () => this.connection?.interrupt()
      interrupt()
      // DuckDB forgets an interrupt that comes between two statements.
      this.#interrupting = setInterval(interrupt, 50)
      this.#runClock(graceMs, null)
    }
    await this.#closed
  }

  /** What the caller gets for an error inside the session. */
  errorFor(error: unknown): unknown {
    if (this.#reason) return this.#reason.error
    this.project?.noteError(error)
    const { field, project } = this.options
    const hidden = [...this.#hidden, [project.directory, '…'] as const]
    return translateDuckdbError(error, { field, hidden, memoryLimitMb: project.memoryLimitMb })
  }

  /** Keeps a text out of messages; `shown` stands in its place. */
  hide(text: string, shown: string): void {
    this.#hidden.push([text, shown])
  }

  /** Closing rolls back what is not committed. */
  async close(): Promise<void> {
    if (this.#closing) return this.#closed
    this.#closing = true
    clearTimeout(this.#timer)
    clearInterval(this.#interrupting)
    this.options.signal?.removeEventListener('abort', this.#onAbort)
    this.connection?.closeSync()
    await this.onClose?.().catch(() => {})
    this.#projects?.release(this.project)
    this.#leave?.()
    this.forget(this)
    this.#resolveClosed()
  }

  #runClock(ms: number, error: (() => DhuoError) | null): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (error) void this.stop(error())
      else for (const reject of this.#awaiting) reject(this.#reason?.error)
    }, ms)
  }
}

const timeout = (ms: number) => new DhuoError('TIMEOUT', `The statement took longer than ${ms / 1000} seconds and was stopped.`)
