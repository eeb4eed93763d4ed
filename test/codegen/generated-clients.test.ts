import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import type * as client from '../../codegen/typescript/src/node.js'

/** What a program prints, when it fails too. */
const run = (program: string, args: string[], options = {}) =>
  promisify(execFile)(program, args, options).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${error.stdout}${error.stderr}`, { cause: error })
  })
const root = join(import.meta.dirname, '..', '..')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dhuo-codegen-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs the code generator of this repository on the outputs of a config, below a folder of our own. */
async function generate(generates: Record<string, unknown>, more: object = {}): Promise<void> {
  const config = { schema: './schema.graphql', documents: './codegen/operations/*.graphql', ...more, generates }
  const path = join(folder, 'codegen.yml')
  await writeFile(path, stringify(config))
  const program = join(root, 'node_modules', '@graphql-codegen', 'cli', 'esm', 'bin.js')
  await run(process.execPath, [program, '--errors-only', '--config', path], { cwd: root })
}

test('what is committed is what `npm run codegen` makes', async () => {
  const config = parse(await readFile(join(root, 'codegen.yml'), 'utf8')) as { generates: Record<string, unknown> }
  const outputs = Object.keys(config.generates)
  const made = (output: string) => join(folder, output.replace(/^\.\//, ''))
  await generate(Object.fromEntries(outputs.map((output) => [made(output), config.generates[output]])), config)
  expect(outputs).toContain('./codegen/typescript/src/generated/operations.ts')
  for (const output of outputs) {
    const committed = await readFile(join(root, output), 'utf8')
    // Not compared with `toBe`: a difference of thousands of lines tells nobody anything.
    if (committed !== (await readFile(made(output), 'utf8'))) throw new Error(`${output} is stale: run \`npm run codegen\`.`)
  }
})

const withoutComments = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')

test('no file of the client says any', async () => {
  const sources = join(root, 'codegen', 'typescript', 'src')
  const files = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(20)
  for (const name of files) {
    const text = withoutComments(await readFile(join(sources, name), 'utf8'))
    expect([name, /[:<|&,(=]\s*any\b|\bas any\b|@ts-|biome-ignore/.exec(text)]).toEqual([name, null])
  }
})

// What follows is held by the type check: a wrong type does not compile.
type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type IsAny<T> = 0 extends 1 & T ? true : false
type HasAny<T> =
  IsAny<T> extends true ? true : T extends (infer Item)[] ? HasAny<Item> : T extends object ? HasAny<T[keyof T]> : false
type Results = {
  [Name in keyof typeof client]: (typeof client)[Name] extends client.TypedDocument<infer R, infer V> ? [R, V] : never
}
const holds = <T extends true>(proof?: T) => proof

test('documents have types, scalars are what JSON has, enums are unions', () => {
  holds<Is<HasAny<Results[keyof Results]>, false>>()
  // biome-ignore lint/suspicious/noExplicitAny: the proof has to bite
  holds<HasAny<{ a: { b: any }[] }>>()
  holds<Is<client.ObjectFieldsFragment['size'], number | string>>()
  holds<Is<client.ObjectFieldsFragment['lastModified'], string>>()
  holds<Is<client.TableFieldsFragment['rows'], unknown[]>>()
  holds<Is<client.Role, 'EDITOR' | 'OWNER' | 'VIEWER'>>()
  holds<Is<client.ExecuteDmlInput['params'], unknown>>()
  const input: client.CreateBucketInput = { project: 'iris', purpose: 'RAW' }
  // @ts-expect-error: it is no purpose
  const wrong: client.CreateBucketInput = { project: 'iris', purpose: 'RAWEST' }
  expect([input, wrong]).toHaveLength(2)
})

describe('the same operations under other generators', () => {
  test('compile as the documents of client-preset, under strict', async () => {
    const scalars = { BigInt: 'number | string', DateTime: 'string', JSON: 'unknown', URL: 'string' }
    await generate(
      {
        [`${join(folder, 'preset')}/`]: {
          preset: 'client',
          config: { useTypeImports: true, enumsAsTypes: true, scalars },
          presetConfig: { fragmentMasking: { unmaskFunctionName: 'unmask' } },
        },
      },
      { importExtension: '.js' },
    )
    const use = `import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core'
      import { GetProjectDocument, SavePredictionsDocument } from './preset/graphql.js'
      const variables: VariablesOf<typeof GetProjectDocument> = { name: 'iris' }
      const result: ResultOf<typeof GetProjectDocument> = { project: null }
      export const used = [variables, result, SavePredictionsDocument.kind]`
    await writeFile(join(folder, 'use.ts'), use)
    const compilerOptions = { strict: true, module: 'nodenext', target: 'es2022', noEmit: true, types: [], skipLibCheck: true }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }))
    await run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder])
  })
})
