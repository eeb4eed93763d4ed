import { readdir, readFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { parse } from '@swc/core'

const root = join(import.meta.dirname, '..', '..')

interface SourceFile {
  /** From the root of the repository, with slashes. */
  path: string
  text: string
}

interface HouseRule {
  /** What holds, in the present tense. */
  title: string
  applies(path: string): boolean
  breaks(file: SourceFile): boolean | Promise<boolean>
  /** A file that breaks the rule: the rule has to notice. */
  example: SourceFile
}

const isSource = (path: string): boolean => path.startsWith('src/') && path.endsWith('.ts')
/** What a person wrote of the TypeScript client. */
const isClient = (path: string): boolean => /^codegen\/typescript\/src\/(?!generated\/).+\.ts$/.test(path)
const isCode = (path: string): boolean => /\.(ts|mjs|js)$/.test(path)
/** This file names what it forbids. */
const isThisFile = (path: string): boolean => path === 'test/house/source-text.test.ts'
const source = (text: string, path = 'src/operations/planted.ts'): SourceFile => ({ path, text })

/** The comment at the very top, without its slashes. */
const openingComment = (text: string): string =>
  (text.match(/^(\/\/.*\n)+/)?.[0] ?? '')
    .replaceAll(/^\/\/ ?/gm, '')
    .replaceAll('\n', ' ')
    .trim()

const hasImportType = (node: unknown): boolean =>
  typeof node === 'object' &&
  node !== null &&
  ((node as { type?: unknown }).type === 'TsImportType' || Object.values(node).some((child) => hasImportType(child)))

const rules: readonly HouseRule[] = [
  {
    title: 'a datasource or an operation says in its first line, in one sentence, what it does',
    applies: (path) => /^src\/(datasources|operations)\//.test(path),
    breaks: ({ text }) => !/^[A-Z0-9`].{10,}\.$/.test(openingComment(text)),
    example: source("import { readFile } from 'node:fs/promises'\n"),
  },
  {
    title: 'file names are kebab-case',
    applies: (path) => /^(src|test|bench|codegen|scripts)\//.test(path) && isCode(path),
    breaks: ({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.(ts|mjs|js)$/.test(basename(path)),
    example: source('', 'src/operations/startRun.ts'),
  },
  {
    title: 'no file is a drawer: no utils, helpers, common, shared, types, and no index but the list of resolvers',
    applies: (path) => isClient(path) || (isSource(path) && path !== 'src/resolvers/index.ts'),
    breaks: ({ path }) => /(^|\/)(utils?|helpers?|common|shared|types|misc|index)(\.ts$|\/)/.test(path),
    example: source('', 'src/datasources/utils.ts'),
  },
  {
    title: 'only config.ts reads the environment',
    applies: (path) => isSource(path) && path !== 'src/config.ts',
    // libuv reads the size of its pool once, before the first use of it: main.ts may set it, and read nothing.
    breaks: ({ path, text }) =>
      /process\s*\.\s*env|\benv\b[^'"]*from 'node:process'/.test(
        path === 'src/main.ts'
          ? text.replace(/^process\.env(\.UV_THREADPOOL_SIZE|\['UV_THREADPOOL_SIZE'\]) \?{0,2}= '\d+'$/m, '')
          : text,
      ),
    example: source('const home = process.env.HOME\n', 'src/main.ts'),
  },
  {
    title: 'no file is longer than 300 lines',
    applies: (path) => isSource(path) || isClient(path),
    breaks: ({ text }) => text.trimEnd().split('\n').length > 300,
    example: source('x\n'.repeat(301)),
  },
  {
    title: 'nothing is left to be done: a plan belongs to the tracker',
    applies: (path) => isCode(path) && !isThisFile(path),
    breaks: ({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text),
    example: source('// FIXME later\n'),
  },
  {
    title: 'no path of a particular machine is written down',
    applies: (path) => !isThisFile(path) && path !== 'package-lock.json',
    breaks: ({ text }) => /(^|[\s'"`(=:])(\/((work|root)\/|(home|Users)\/[\w.-]+\/)|[A-Z]:\\Users\\)/m.test(text),
    example: source("const data = '/home/ana/data'\n"),
  },
  {
    title: 'no test replaces a module: the embedded backends are the doubles',
    applies: (path) => path.startsWith('test/') && !isThisFile(path),
    breaks: ({ text }) => /\bjest\s*\.\s*(unstable_)?(mock|doMock|mockModule)\b/.test(text),
    example: source("jest.unstable_mockModule('../src/clock.js', () => ({}))\n", 'test/planted.test.ts'),
  },
  {
    title: "types are imported by `import type`: the import rules do not see every import('…') type",
    applies: isSource,
    breaks: async ({ text }) =>
      text.includes('import(') && hasImportType(await parse(text, { syntax: 'typescript', decorators: true })),
    example: source("export const at = (clock: import('./clock.js').Clock | null) => clock\n"),
  },
]

/** Every text file of the repository that a person wrote. */
async function repositoryFiles(): Promise<SourceFile[]> {
  const ignored = ['node_modules', 'dist', 'coverage', '.git', '.dhuo']
  const paths: string[] = []
  for (const top of await readdir(root, { withFileTypes: true })) {
    if (ignored.includes(top.name)) continue
    const below = top.isDirectory() ? await readdir(join(root, top.name), { recursive: true, withFileTypes: true }) : [top]
    for (const entry of below)
      if (entry.isFile() && /(\.(ts|mjs|cjs|js|json|md|yml|yaml|graphql|py|sql|example)|^run)$/.test(entry.name))
        paths.push(relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  }
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })))
}

describe('the text of the source', () => {
  let files: SourceFile[]
  beforeAll(async () => {
    files = await repositoryFiles()
  })

  test.each(rules)('$title', async ({ applies, breaks }) => {
    const broken: string[] = []
    for (const file of files) if (applies(file.path) && (await breaks(file))) broken.push(file.path)
    expect(broken).toEqual([])
  })

  test.each(rules)('it would be noticed otherwise: $title', async ({ applies, breaks, example }) => {
    expect(applies(example.path)).toBe(true)
    expect(await breaks(example)).toBe(true)
  })

  test('a file name stands once in src', () => {
    const names = files.filter(({ path }) => isSource(path)).map(({ path }) => basename(path))
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  test('the source is found at all', () => {
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['src/errors.ts', 'src/config.ts', 'biome.json', '.env.example', '.ci/run']),
    )
  })
})
