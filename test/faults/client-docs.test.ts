import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cliIn } from '../codegen/cli-process.js'
import { installedClient, root, run } from '../codegen/installed-client.js'
import { adminEmail, adminPassword, createTestHub, type TestHub } from '../hub.js'
import { seedKey } from '../seed.js'

/** A block of code of a page, and the file that a comment above it names. */
interface Snippet {
  language: string
  code: string
  file: string | null
}

async function snippetsOf(page: string): Promise<Snippet[]> {
  const text = await readFile(join(root, 'docs', 'clients', page), 'utf8')
  return [...text.matchAll(/(?:<!-- file: (\S+) -->\n)?```(\w+)\n([\s\S]*?)```/g)].map(
    ([, file = null, language = '', code = '']) => ({
      ...{ file, language, code },
    }),
  )
}

let installed: string
let folder: string
let hub: TestHub
beforeAll(async () => {
  installed = await installedClient()
}, 120_000)
beforeEach(async () => {
  folder = await mkdtemp(join(installed, 'docs-'))
  hub = await createTestHub()
  await copyFile(join(root, 'examples', 'iris', 'iris.csv'), join(folder, 'iris.csv'))
})
afterEach(async () => {
  await hub.close()
  await rm(folder, { recursive: true, force: true })
})

test('every snippet of the page for programs compiles under strict, and they do what the page says', async () => {
  const snippets = await snippetsOf('typescript.md')
  expect(new Set(snippets.map(({ language }) => language))).toEqual(new Set(['ts']))
  // One after the other, as somebody types them; each in a scope of its own, but for what later ones use.
  await writeFile(join(folder, 'page.ts'), programOf(snippets.map(({ code }) => code)))
  await symlink(join(root, 'node_modules', '@types'), join(folder, 'types'))
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    module: 'nodenext',
    types: ['node'],
    typeRoots: ['./types'],
    skipLibCheck: true,
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['page.ts'] }))
  await run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder])
  const { secret } = await seedKey(hub, hub.admin, { role: 'OWNER' })
  const env = { PATH: process.env['PATH'], DHUO_URL: hub.url, DHUO_ACCESS_KEY: secret }
  const { stdout, stderr } = await run(process.execPath, ['page.js'], { cwd: folder, env })
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toBe('iris-raw')
  expect(lines[1]).toMatch(/^[0-9a-f]{64}$/)
  expect(lines.slice(2, 5)).toEqual(["[ 'setosa', 50 ]", "[ 'versicolor', 50 ]", "[ 'virginica', 50 ]"])
  expect(lines.slice(5, 9)).toEqual(['QUEUED', 'RUNNING', 'train trained', 'SUCCEEDED'])
  expect(lines[9]).toMatch(/^CONFLICT input\.name /)
  expect(lines.slice(10)).toEqual(['null', '1'])
  expect(stderr).toMatch(/^3858 of 3858\n/)
  expect((await readFile(join(folder, 'flowers.parquet'))).subarray(0, 4).toString()).toBe('PAR1')
  expect(await readFile(join(folder, 'copy.csv'), 'utf8')).toBe(await readFile(join(folder, 'iris.csv'), 'utf8'))
}, 60_000)

/** The last snippets use names again: their scope is their own. Imports stand at the top. */
function programOf(codes: readonly string[]): string {
  const imports = codes.flatMap((code) => code.match(/^import .+$/gm) ?? [])
  const bodies = codes.map((code) => code.replaceAll(/^import .+$/gm, ''))
  return [...new Set(imports), bodies[0], ...bodies.slice(1).map((body) => `{${body}}`)].join('\n')
}

test('every line of the page for the command line does what the page says', async () => {
  const snippets = await snippetsOf('cli.md')
  for (const { file, code } of snippets) if (file) await writeFile(join(folder, file), code)
  const { secret } = await seedKey(hub, hub.admin, { role: 'OWNER' })
  const script = snippets.filter(({ language }) => language === 'sh').map(({ code }) => code)
  const dhuo = join(installed, 'node_modules', '.bin')
  const begin = `set -euo pipefail\nexport PATH="${dhuo}:$PATH"\n`
  await writeFile(join(folder, 'page.sh'), begin + script.join('\n').replaceAll('ana@example.com', adminEmail))
  const env = { SERVER: hub.url, KEY: secret, XDG_CONFIG_HOME: join(folder, 'config'), PATH: process.env['PATH']! }
  const { code, stdout } = await cliIn(installed, folder, env).scriptOnTerminal('page.sh', [['Password: ', `${adminPassword}\r`]])
  expect([code, stdout]).toEqual([0, expect.stringContaining('Logged in to')])
  const said = stdout.replaceAll('\r', '')
  expect(said).toContain('answer\n    42')
  expect(said).toContain('nightly v1: READY')
  expect(said).toContain('train | trained on 150 rows')
  expect(said).toMatch(/nightly v1, run 1 \(plr_\w+\): SUCCEEDED/)
  expect(said).toContain('✓ WebSocket')
  expect(said.trimEnd()).toMatch(/\none\n+exit 0$/)
  expect(await readFile(join(folder, 'train.log'), 'utf8')).toBe('train | trained on 150 rows\n')
  expect(await readFile(join(folder, 'copy.csv'), 'utf8')).toBe(await readFile(join(folder, 'iris.csv'), 'utf8'))
}, 120_000)
