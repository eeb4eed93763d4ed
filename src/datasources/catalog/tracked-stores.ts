// Knows which statements a transaction's work has under way, so that none of them outlives the transaction.

export interface TrackedStores<Stores> {
  stores: Stores
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>
}

/**
 * A statement that the work did not wait for (one of a `Promise.all` whose sibling failed) stands in line for the
 * connection, and kysely carries it out even when its turn comes just after the rollback: then it is kept.
 */
export function trackStores<Stores extends object>(stores: Stores): TrackedStores<Stores> {
  const underWay = new Set<Promise<unknown>>()
  const track = (result: unknown): unknown => {
    if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return result
    const done: Promise<unknown> = Promise.resolve(result)
      .catch(() => {})
      .finally(() => underWay.delete(done))
    underWay.add(done)
    return result
  }
  const trackedStore = (store: object): object =>
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? (...args: unknown[]) => track(member.apply(target, args)) : member
      },
    })
  return {
    stores: Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, trackedStore(store)])) as Stores,
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
