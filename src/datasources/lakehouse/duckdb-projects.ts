// The open instances: opened when first used, once however many ask, the least recently used closed past a bound.
import { DhuoError } from '../../errors.js'
import { DuckdbProject, type ProjectOptions } from './duckdb-project.js'

/** Keeps up to `bound` instances open; more only while all of them are in use. */
export class DuckdbProjects {
  /** In order of use, the latest last. */
  readonly #open = new Map<string, Promise<DuckdbProject>>()
  /** Instances that are being closed: their file must not be opened again before that is done. */
  readonly #closing = new Map<string, Promise<void>>()
  #closed = false

  constructor(private readonly bound: number) {}

  /** Runs `work` with the instance, which stays open until `work` has settled. */
  async use<T>(options: ProjectOptions, work: (project: DuckdbProject) => Promise<T>): Promise<T> {
    const project = await this.acquire(options)
    try {
      return await work(project)
    } finally {
      this.release(project)
    }
  }

  /** The instance, open until `release`. */
  async acquire(options: ProjectOptions): Promise<DuckdbProject> {
    for (;;) {
      if (this.#closed) throw new DhuoError('BACKEND_UNAVAILABLE', 'The lakehouse is closed.')
      await this.#closing.get(options.directory)
      let opening = this.#open.get(options.directory)
      if (opening === undefined) {
        if (this.#closing.has(options.directory)) continue
        opening = DuckdbProject.open(options)
      } else this.#open.delete(options.directory)
      this.#open.set(options.directory, opening)
      let project: DuckdbProject
      try {
        project = await opening
      } catch (error) {
        if (this.#open.get(options.directory) === opening) this.#open.delete(options.directory)
        throw error
      }
      // It may have been thrown out while this waited.
      if (this.#open.get(options.directory) !== opening) continue
      project.users++
      this.#shrink()
      return project
    }
  }

  release(project: DuckdbProject): void {
    project.users--
    this.#shrink()
  }

  /** Closes all. The caller sees to it that no work is left. */
  async close(): Promise<void> {
    this.#closed = true
    for (const [directory, opening] of [...this.#open]) {
      const project = await opening.catch(() => null)
      if (project) this.#startClosing(directory, project)
    }
    await Promise.all(this.#closing.values())
  }

  #shrink(): void {
    for (const [directory, opening] of this.#open) {
      void opening.then(
        (project) => {
          if (this.#open.get(directory) !== opening || project.users > 0) return
          if (project.broken || this.#open.size > this.bound) this.#startClosing(directory, project)
        },
        () => {},
      )
    }
  }

  #startClosing(directory: string, project: DuckdbProject): void {
    this.#open.delete(directory)
    const done = project
      .close()
      .catch(() => {})
      .then(() => {
        this.#closing.delete(directory)
      })
    this.#closing.set(directory, done)
  }
}
