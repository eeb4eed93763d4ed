import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installedClient, root, run } from '../codegen/installed-client.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedProject } from '../seed.js'

let installed: string
let folder: string
let hub: TestHub
beforeAll(async () => {
  installed = await installedClient()
  // Below it, so that it finds what is installed there.
  folder = await mkdtemp(join(installed, 'consumer-'))
  hub = await createTestHub()
}, 60_000)
afterAll(async () => {
  await hub.close()
  await rm(folder, { recursive: true, force: true })
})

const program = (url: string, token: string, project: string, bucket: string) => `
import { createClient, isDhuoGraphError, GetProject, ListProjects, type DhuoClient, type Role } from 'dhuo-client'

const dhuo: DhuoClient = createClient({ url: '${url}', token: '${token}' })
const { projects } = await dhuo.request(ListProjects)
const names: string[] = projects.nodes.map(({ name }) => name)
const { project } = await dhuo.request(GetProject, { name: '${project}' })
const role: Role | null | undefined = project?.viewerRole
const object = await dhuo.upload({ bucket: '${bucket}', key: 'a.txt', from: new Blob(['text']) })
const size: number | string = object.size
let code = ''
try {
  for await (const event of dhuo.watchPipelineRun('nothing')) console.log(event.sequence satisfies number)
} catch (error) {
  if (isDhuoGraphError(error)) code = error.code
}
// @ts-expect-error: a name is wanted
const wrong = () => dhuo.request(GetProject)
// @ts-expect-error: it has no such field
const field = () => project?.title
console.log(JSON.stringify({ names: names.includes('${project}'), role, size, code, unused: typeof wrong + typeof field }))
`

test('the package has what it says, and nothing else', async () => {
  const inside = join(installed, 'node_modules', 'dhuo-client')
  const files = (await readdir(inside, { recursive: true })).filter((name) => /\.\w+$/.test(name))
  expect(files.filter((name) => !/^dist\/.+\.(js|d\.ts)$|^package\.json$|^README\.md$/.test(name))).toEqual([])
  expect(files).toEqual(expect.arrayContaining(['README.md', 'dist/node.js', 'dist/browser.d.ts', 'dist/cli/dhuo.js']))
  const manifest = JSON.parse(await readFile(join(inside, 'package.json'), 'utf8'))
  expect(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })).toEqual(['yaml'])
})

test('a program that uses it compiles under strict, for Node and for browsers, and runs', async () => {
  const project = (await seedProject(hub)).name
  const bucket = (await seedBucket(hub, project)).name
  await writeFile(join(folder, 'program.ts'), program(hub.url, hub.admin, project, bucket))
  await symlink(join(root, 'node_modules', '@types'), join(folder, 'types'))
  const common = { strict: true, target: 'es2022', exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true }
  const node = { ...common, module: 'nodenext', types: ['node'], typeRoots: ['./types'], outDir: 'out' }
  // skipLibCheck is off: our own declarations are looked at too.
  const lib = ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable']
  const browser = {
    ...common,
    module: 'esnext',
    moduleResolution: 'bundler',
    customConditions: ['browser'],
    types: [],
    lib,
    noEmit: true,
  }
  await writeFile(join(folder, 'node.json'), JSON.stringify({ compilerOptions: node, files: ['program.ts'] }))
  await writeFile(join(folder, 'browser.json'), JSON.stringify({ compilerOptions: browser, files: ['program.ts'] }))
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  await Promise.all([run(tsc, ['-p', 'node.json'], { cwd: folder }), run(tsc, ['-p', 'browser.json'], { cwd: folder })])
  const expected = { names: true, role: 'OWNER', size: 4, code: 'NOT_FOUND', unused: 'functionfunction' }
  const nodes = [process.execPath, '/usr/bin/node'].filter((path) => existsSync(path))
  for (const path of nodes) {
    const { stdout, stderr } = await run(path, [join('out', 'program.js')], { cwd: folder })
    expect([path, JSON.parse(stdout), stderr]).toEqual([path, expected, ''])
  }
}, 30_000)

test('every command is a file that Node can run', async () => {
  const { stdout } = await run(join(installed, 'node_modules', '.bin', 'dhuo'), ['--version'])
  expect(stdout).toBe('0.1.0\n')
})
