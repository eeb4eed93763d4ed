import type { Stores } from '../../src/datasources/catalog/catalog.js'
import { GroupedWrites } from '../../src/operations/group-writes.js'

/** Transactions that keep what was written, and drop it when they fail. */
class Ledger {
  readonly kept: string[][] = []
  commitFails = 0
  /** Commits that are kept, and answered with an error; and how often nobody can say so. */
  unheard = 0
  silence = 0
  transaction = async <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    const written: string[] = []
    const result = await work(written as never)
    if (this.commitFails-- > 0) throw new Error('the disk is full')
    this.kept.push(written)
    if (this.unheard-- > 0) throw Object.assign(new Error('the connection was cut'), { isKept: true })
    return result
  }
  wasCommitted = async (error: unknown): Promise<boolean> => {
    if (this.silence-- > 0) throw new Error('there is no connection')
    return (error as { isKept?: true }).isKept === true
  }
}
const note =
  (text: string, ms = 0) =>
  async (stores: Stores): Promise<string> => {
    for (const until = performance.now() + ms; performance.now() < until; );
    ;(stores as unknown as string[]).push(text)
    return text
  }
const fail = async (): Promise<never> => {
  throw new Error('on purpose')
}

describe('grouped writes', () => {
  test('that come in one turn are one transaction, in order, each with its own answer', async () => {
    const ledger = new Ledger()
    const writes = new GroupedWrites(ledger)
    expect(await Promise.all(['a', 'b', 'c'].map((text) => writes.write(note(text))))).toEqual(['a', 'b', 'c'])
    expect(ledger.kept).toEqual([['a', 'b', 'c']])
  })

  test('fail alone: what stood in the transaction with them is written all the same, once', async () => {
    const ledger = new Ledger()
    const writes = new GroupedWrites(ledger)
    const results = await Promise.allSettled([writes.write(note('a')), writes.write(fail), writes.write(note('b'))])
    expect(results).toMatchObject([{ value: 'a' }, { reason: { message: 'on purpose' } }, { value: 'b' }])
    expect(ledger.kept.flat().sort()).toEqual(['a', 'b'])
    await expect(writes.write(fail)).rejects.toThrow('on purpose')
    expect(await writes.write(note('c'))).toBe('c')
  })

  test('whose commit fails are tried one by one', async () => {
    const ledger = new Ledger()
    ledger.commitFails = 2
    const writes = new GroupedWrites(ledger)
    const results = await Promise.allSettled(['a', 'b', 'c'].map((text) => writes.write(note(text))))
    expect(results).toMatchObject([{ reason: { message: 'the disk is full' } }, { value: 'b' }, { value: 'c' }])
    expect(ledger.kept.flat()).toEqual(['b', 'c'])
  })

  test('whose commit nobody heard of are not done again', async () => {
    const ledger = new Ledger()
    ledger.unheard = 1
    ledger.silence = 1
    const writes = new GroupedWrites(ledger)
    expect(await Promise.all(['a', 'b'].map((text) => writes.write(note(text))))).toEqual(['a', 'b'])
    expect(ledger.kept).toEqual([['a', 'b']])
  })

  test('leave turns of the event loop to others', async () => {
    const ledger = new Ledger()
    const writes = new GroupedWrites(ledger)
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await Promise.all(Array.from({ length: 50 }, (_, i) => writes.write(note(String(i), 2))))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(5)
    expect(ledger.kept.length).toBeGreaterThan(5)
    expect(ledger.kept.flat()).toEqual(Array.from({ length: 50 }, (_, i) => String(i)))
    await writes.settled()
  })
})
