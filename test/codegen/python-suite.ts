import { describeWith } from '../backends.js'
import { type PythonOptions, startPython } from './python-process.js'

interface PythonTest {
  id: string
  group: string
  title: string
}
interface PythonResult extends PythonTest {
  problem: string | null
  skipped: string | null
}

/** Python's tests as ours: listed when the file is loaded, run all in one process, told one by one. */
export async function describePython(
  modules: readonly string[],
  options: () => PythonOptions | Promise<PythonOptions>,
  listed: PythonOptions = {},
): Promise<void> {
  const described = describeWith('the Python client', ['python3'])
  if (described === describe.skip) return void described('Python', () => test('is tested', () => {}))
  const tests = (await report<PythonTest>(['list', ...modules], listed)) as PythonTest[]
  const results = new Map<string, PythonResult>()
  beforeAll(async () => {
    for (const result of await report<PythonResult>(['run', ...modules], await options())) results.set(result.id, result)
  }, 120_000)
  for (const group of new Set(tests.map((each) => each.group)))
    describe(`Python: ${group.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()}`, () => {
      test.each(tests.filter((each) => each.group === group).map(({ title, id }) => [title, id]))('%s', (_title, id) => {
        const result = results.get(id)
        if (!result) throw new Error('Python ended before it.')
        if (result.problem !== null) throw new Error(result.problem)
        if (result.skipped !== null) console.warn(`skipped: ${result.title}: ${result.skipped}`)
      })
    })
}

async function report<Line>(args: readonly string[], options: PythonOptions): Promise<Line[]> {
  const running = startPython(['-m', 'tests.report', ...args], options)
  const code = await running.ended
  if (code !== 0) throw new Error(`Python ended with ${code}:\n${running.out().slice(-2_000)}\n${running.err()}`)
  return running
    .out()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
}
