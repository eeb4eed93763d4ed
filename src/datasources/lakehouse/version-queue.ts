// Adds versions to the tables of a schema one after the other, in this process.

export class VersionQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  /** @param isStopped true: nobody waits for `work` any more when its turn has come */
  run<T>(schema: string, isStopped: () => boolean, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(schema) ?? Promise.resolve()
    const result = before.then(() => {
      if (isStopped()) throw new Error('stopped')
      return work()
    })
    const settled = result.catch(() => {})
    this.#last.set(schema, settled)
    void settled.then(() => this.#last.get(schema) === settled && this.#last.delete(schema))
    return result
  }
}
