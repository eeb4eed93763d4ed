import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { notebookPackages, pythonWith } from '../codegen/python-environment.js'
import { pythonPackage, runPython } from '../codegen/python-process.js'
import { describePython } from '../codegen/python-suite.js'
import { createTestHub, type TestHub } from '../hub.js'

const run = promisify(execFile)
const found = await pythonWith(notebookPackages)

let hub: TestHub
let folder: string
beforeAll(async () => {
  hub = await createTestHub()
  folder = await mkdtemp(join(tmpdir(), 'dhuo-test-'))
})
afterAll(async () => {
  await hub.close()
  await rm(folder, { recursive: true, force: true })
})
const environment = () => ({
  DHUO_URL: hub.url,
  DHUO_ACCESS_KEY: hub.admin,
  DHUO_TEST_HOME: hub.home,
  JUPYTER_PLATFORM_DIRS: '1',
})

if ('missing' in found) {
  console.warn(`skipped: Python with pandas and as a wheel is not tested here: ${found.missing}`)
  describe('the Python package', () => test.todo('is tested with pandas and as a wheel'))
} else {
  const { python } = found
  await describePython(
    ['tests.installed.test_pandas', 'tests.installed.test_jupyter'],
    () => ({ python, environment: environment() }),
    { python },
  )

  describe('the Python package', () => {
    test('is a wheel that holds all of it, and works where nothing else is installed', async () => {
      const source = join(folder, 'source')
      await cp(pythonPackage, source, {
        recursive: true,
        filter: (path) => !/\/(tests|__pycache__|build|\w+\.egg-info)$/.test(path),
      })
      const wheels = join(folder, 'wheels')
      await run(python, ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-build-isolation', '--wheel-dir', wheels, source])
      expect(await readdir(wheels)).toEqual(['dhuo-0.1.0-py3-none-any.whl'])

      const clean = join(folder, 'clean')
      await run('python3', ['-m', 'venv', '--without-pip', clean])
      const installed = join(clean, 'bin', 'python')
      const wheel = join(wheels, 'dhuo-0.1.0-py3-none-any.whl')
      await run(python, ['-m', 'pip', '--python', installed, 'install', '--quiet', '--no-index', wheel])
      const script = `
import importlib.metadata, pathlib, sys
import dhuo, dhuo.dhuolib
from dhuo.dhuolib.clients.platform import DhuolibPlatformClient
from dhuo.dhuolib.repository import GenericRepository
home = pathlib.Path(dhuo.__file__).parent
assert pathlib.Path(sys.prefix) in home.parents, home
assert (home / "py.typed").exists()
assert importlib.metadata.requires("dhuo") == [line for line in importlib.metadata.requires("dhuo") if "extra ==" in line]
d = dhuo.Dhuo().use("from-a-wheel", create=True)
d.upload(b"a\\n1\\n", d.bucket("RAW"), "a.csv")
d.create_dataset("numbers", {"bucket": "from-a-wheel-raw", "key": "a.csv"})
print(dhuo.__version__, list(d.select_rows("select * from numbers")))`
      const out = await runPython(script, { python: installed, environment: environment(), path: null })
      expect(out.trim()).toBe("0.1.0 [{'a': 1}]")
      const there = (await readdir(join(pythonPackage, 'dhuo'), { recursive: true })).filter((name) => name.endsWith('.py'))
      const listed = await runPython('import importlib.metadata as m; print(*[str(f) for f in m.files("dhuo")])', {
        python: installed,
        path: null,
      })
      expect(listed.split(/\s+/)).toEqual(expect.arrayContaining(there.map((name) => `dhuo/${name}`)))
    }, 120_000)

    test('is typed throughout, and so is what is written with it', async () => {
      const program = join(folder, 'program.py')
      await writeFile(
        program,
        `import asyncio
from dhuo import AsyncDhuo, BucketPurpose, Dhuo
d = Dhuo("http://x", "t", project="iris")
reveal_type(d.api.get_bucket("x"))
reveal_type(d.api.create_bucket(project="iris", purpose=BucketPurpose.RAW).created_at)
reveal_type(d.deploy("deploy.yaml").run().result())
d.api.create_bucket(project="iris")
async def main() -> None:
    a = AsyncDhuo("http://x")
    reveal_type(await a.objects("b").__anext__())
    reveal_type((await a.deploy("deploy.yaml")).id)
    reveal_type(await a.execute("insert into t values (1)"))
`,
      )
      const config = join(pythonPackage, 'pyproject.toml')
      const mypy = (file: string) =>
        run(python, ['-m', 'mypy', '--config-file', config, '--cache-dir', join(folder, 'mypy'), file], {
          env: { ...process.env, MYPYPATH: pythonPackage },
        }).then(
          ({ stdout }) => stdout,
          ({ stdout }: { stdout: string }) => stdout,
        )
      expect(await mypy(join(pythonPackage, 'dhuo'))).toMatch(/^Success: no issues found in \d+ source files/)
      const said = await mypy(program)
      expect(said).toContain('Revealed type is "dhuo._generated.results.BucketFields | None"')
      expect(said).toContain('Revealed type is "datetime.datetime"')
      expect(said).toContain('Revealed type is "dhuo._generated.results.GetPipelineRunNodePipelineRun"')
      expect(said).toContain('program.py:7: error: Missing named argument "purpose"')
      expect(said).toContain('Revealed type is "dhuo._generated.results.ObjectFields"')
      expect(said).toContain('Revealed type is "str"')
      expect(said).toContain('Revealed type is "int"')
      expect(said.match(/error:/g)).toHaveLength(1)
    }, 180_000)
  })
}
