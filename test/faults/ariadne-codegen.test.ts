import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run } from '../codegen/installed-client.js'
import { operations } from '../codegen/operation-documents.js'

/** Another generator, of other people, in another language: what is wrong with schema or operations shows. */
const generator = 'ariadne-codegen==0.19.0'

const folder = await mkdtemp(join(tmpdir(), 'dhuo-ariadne-'))
const python = join(folder, 'venv', 'bin', 'python')
const isInstalled = await run('python3', ['-m', 'venv', join(folder, 'venv')])
  .then(() => run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', generator]))
  .then(
    () => true,
    (error: Error) => {
      console.warn(
        `skipped: the operations are not tried on ${generator}, which cannot be installed here: ${error.message.slice(0, 500)}`,
      )
      return false
    },
  )
afterAll(() => rm(folder, { recursive: true, force: true }))
const withGenerator = isInstalled ? test : test.skip

withGenerator(
  'ariadne-codegen makes a client of the same schema and operations, and Python loads it',
  async () => {
    const settings = `[tool.ariadne-codegen]
schema_path = "${join(root, 'schema.graphql')}"
queries_path = "${join(root, 'codegen', 'operations')}"
target_package_name = "their_client"
[tool.ariadne-codegen.scalars.BigInt]
type = "int"
[tool.ariadne-codegen.scalars.DateTime]
type = "datetime.datetime"
`
    await writeFile(join(folder, 'pyproject.toml'), settings)
    await run(join(folder, 'venv', 'bin', 'ariadne-codegen'), ['client'], { cwd: folder })
    await run(python, ['-W', 'error', '-m', 'compileall', '-q', 'their_client'], { cwd: folder })
    const methods = 'import their_client; print("\\n".join(m for m in dir(their_client.Client) if not m.startswith("_")))'
    const { stdout } = await run(python, ['-c', methods], { cwd: folder })
    const snake = (name: string) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(operations.map(({ name }) => snake(name!.value))))
    expect(await readFile(join(folder, 'their_client', 'enums.py'), 'utf8')).toContain('class ErrorCode')
  },
  60_000,
)
