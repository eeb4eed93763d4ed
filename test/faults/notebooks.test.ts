import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notebookPackages, pythonWith } from '../codegen/python-environment.js'
import { startPython } from '../codegen/python-process.js'
import { createTestHub, type TestHub } from '../hub.js'

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'examples', 'notebooks')
const notebooks = (await readdir(folder)).filter((name) => name.endsWith('.ipynb')).map((name) => [name])

const environment = await pythonWith(notebookPackages)
if ('missing' in environment) console.warn(`NOT TESTED: notebooks in a Jupyter kernel: ${environment.missing}`)
const described = 'missing' in environment ? describe.skip : describe

describe('the notebooks', () => {
  test.each(notebooks)('%s is committed without what it printed', async (name) => {
    const { cells } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { cells: Record<string, unknown>[] }
    expect(cells.filter(({ outputs, execution_count: count }) => (outputs as unknown[] | undefined)?.length || count)).toEqual([])
  })
})

described('in a Jupyter kernel', () => {
  let hub: TestHub
  let workspace: string
  beforeAll(async () => {
    hub = await createTestHub()
    workspace = await mkdtemp(join(tmpdir(), 'dhuo-notebooks-'))
    for (const part of ['examples', 'templates']) await cp(join(root, part), join(workspace, part), { recursive: true })
  })
  afterAll(async () => {
    await hub.close()
    await rm(workspace, { recursive: true })
  })

  test.each(notebooks)(
    '%s runs from top to bottom',
    async (name) => {
      const running = startPython(
        [join(root, 'test', 'codegen', 'run-notebook.py'), join(folder, name), join(workspace, 'examples', 'notebooks')],
        {
          python: (environment as { python: string }).python,
          environment: { DHUO_URL: hub.url, DHUO_ACCESS_KEY: hub.admin, HOME: workspace },
        },
      )
      const code = await running.ended
      if (code !== 0) throw new Error(`${running.out()}\n${running.err()}`)
      expect(running.out()).toContain('[')
    },
    180_000,
  )

  test('every snippet of the page for notebooks runs, one after the other', async () => {
    const page = await readFile(join(root, 'docs', 'clients', 'notebooks.md'), 'utf8')
    const snippets = [...page.matchAll(/^```python\n(.*?)^```/gms)].map(([, code]) => code)
    expect(snippets.length).toBeGreaterThan(5)
    const file = join(workspace, 'page.py')
    await writeFile(file, `import os; os.chdir(${JSON.stringify(workspace)})\n${snippets.join('\n')}`)
    const running = startPython([file], {
      python: (environment as { python: string }).python,
      environment: { DHUO_URL: hub.url, DHUO_ACCESS_KEY: hub.admin },
    })
    expect({ code: await running.ended, err: running.err() }).toEqual({ code: 0, err: expect.not.stringContaining('Traceback') })
    expect(running.out()).toContain('BAD_USER_INPUT sql')
    expect(running.out()).toContain('hello Ana')
  }, 120_000)
})
