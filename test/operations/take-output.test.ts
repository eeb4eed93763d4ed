import type { PipelineStepRow } from '../../src/datasources/catalog/pipeline-rows.js'
import type { JobLine, JobMark } from '../../src/datasources/compute/job-runner.js'
import { takeOutput } from '../../src/operations/take-output.js'

const at = '2026-11-23T12:00:00.000Z'
const line = (number: number, source = 'script'): JobLine => ({
  ...{ at, stream: 'STDOUT', text: `${source} ${number}`, place: { source, number } },
})
const lines = (...numbers: number[]): JobLine[] => numbers.map((number) => line(number))
const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)

/** A step, and what is written of it. */
function step() {
  let row = { id: 'step', name: 'train', lastLogNumber: 0, outputCursors: null } as PipelineStepRow
  const written: string[] = []
  return {
    written,
    take(output: readonly (JobLine | JobMark)[]): string[] {
      const { events, change } = takeOutput(row, output)
      row = { ...row, ...change }
      const texts = events.map(({ type, message, progress }) => (type === 'LOG' ? message! : `mark ${progress}`))
      written.push(...texts)
      const numbered = events.filter(({ type }) => type === 'LOG')
      expect(numbered.map(({ number }) => number)).toEqual(
        from(row.lastLogNumber - numbered.length + 1, row.lastLogNumber).slice(0, numbered.length),
      )
      return texts
    },
    get row() {
      return row
    },
  }
}
const ofScript = (...numbers: number[]): string[] => numbers.map((number) => `script ${number}`)

describe('output of a step', () => {
  test('that has no place is always new', () => {
    const { take, row } = step()
    const plain: JobLine = { at, stream: 'STDERR', text: 'plain' }
    expect([...take([plain, plain]), ...take([plain])]).toEqual(['plain', 'plain', 'plain'])
    expect(row.outputCursors).toBeNull()
  })

  test('is written once, however often and by however many ways it comes', () => {
    const { take } = step()
    expect(take(lines(1, 2, 3))).toEqual(ofScript(1, 2, 3))
    expect(take(lines(1, 2, 3))).toEqual([])
    expect(take(lines(2, 3, 4))).toEqual(ofScript(4))
    expect(take(lines(3, 4, 5, 6, 5))).toEqual(ofScript(5, 6))
  })

  test('of two sources has two counts', () => {
    const { take } = step()
    expect(take([line(1), line(1, 'driver.log'), line(2), line(1, 'driver.log')])).toEqual([
      'script 1',
      'driver.log 1',
      'script 2',
    ])
  })

  test('that is missing is said to be missing, and written when it comes after all', () => {
    const { take } = step()
    expect(take(lines(1, 2, 1_300))).toEqual([
      ...ofScript(1, 2),
      '1,297 lines are missing here: nobody could take more at that time.',
      ...ofScript(1_300),
    ])
    expect(take(lines(1_300, 1_302))).toEqual([
      'A line is missing here: nobody could take more at that time.',
      ...ofScript(1_302),
    ])
    expect(take(lines(...from(1, 6)))).toEqual(['What follows was missing before.', ...ofScript(3, 4, 5, 6)])
    expect(take(lines(100, 5, 1_301, 1_303))).toEqual(['What follows was missing before.', ...ofScript(100, 1_301, 1_303)])
    expect(take(lines(...from(1, 1_303)))).toEqual([
      'What follows was missing before.',
      ...ofScript(...from(7, 99), ...from(101, 1_299)),
    ])
    expect(take(lines(...from(1, 1_303)))).toEqual([])
  })

  test('keeps marks in their place; the newest holds, and a failure that was said is kept', () => {
    const { take, row } = step()
    const mark = (number: number, said: Partial<JobMark>): JobMark => ({
      ...{ at, progress: null, message: null, status: null, place: { source: 'script', number } },
      ...said,
    })
    const said = [line(1), mark(2, { progress: 0.5, message: 'half' }), line(3), mark(4, { status: 'FAILED', message: 'wrong' })]
    expect(take(said)).toEqual(['script 1', 'mark 0.5', 'script 3', 'mark null'])
    expect(take(said)).toEqual([])
    expect(row.lastLogNumber).toBe(0)
  })

  test('says how the row changes', () => {
    const made = step()
    made.take([
      { at, progress: 0.5, message: 'half', status: null, place: { source: 'script', number: 1 } },
      { at, progress: null, message: null, status: 'FAILED', place: { source: 'script', number: 2 } },
    ])
    expect(made.row).toMatchObject({ progress: 0.5, message: 'half', reportedFailure: 'The script said that it has failed.' })
  })

  test('holds however many holes there are: the oldest are given up', () => {
    const { take, row } = step()
    for (let number = 2; number <= 1_000; number += 2) take(lines(number))
    expect(row.outputCursors).toBeNull()
    expect(take(lines(1))).toEqual([])
    expect(take(lines(999))).toEqual(['What follows was missing before.', ...ofScript(999)])
  })

  test('comes out whole and once whatever the ways: by chance', () => {
    for (let round = 0; round < 200; round++) {
      const { take, written } = step()
      const last = 60
      // One way loses some, sends some again; another has all of it, and may begin at any moment.
      const some = lines(...from(1, last)).filter(() => Math.random() < 0.9)
      const all = lines(...from(1, last))
      while (some.length > 0 || all.length > 0) {
        const way = Math.random() < 0.5 ? some : all
        const part = way.slice(0, 1 + Math.floor(Math.random() * 9))
        take(part)
        if (Math.random() < 0.8) way.splice(0, part.length)
      }
      const own = written.filter((text) => text.startsWith('script'))
      expect(own.toSorted()).toEqual(ofScript(...from(1, last)).toSorted())
    }
  })
})
