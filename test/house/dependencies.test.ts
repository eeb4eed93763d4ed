import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const manifestIn = async (...folder: string[]) => JSON.parse(await readFile(join(root, ...folder, 'package.json'), 'utf8'))
const manifest = await manifestIn()
const client = await manifestIn('codegen', 'typescript')
const text = await readFile(join(root, 'docs', 'dependencies.md'), 'utf8')

/** Package and reason of every line of the table below a heading. */
const tableOf = (heading: string): Map<string, string> => {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return new Map([...section.matchAll(/^\| `(.+?)` \| (.+) \|$/gm)].map(([, name = '', reason = '']) => [name, reason]))
}

const sections: readonly [heading: string, packages: Record<string, string>][] = [
  ['At run time', manifest.dependencies],
  ['For development', manifest.devDependencies],
  ['Of the TypeScript client', client.dependencies],
  ['Node itself', manifest.optionalDependencies],
  ['Pinned below us', manifest.overrides],
]

describe('docs/dependencies.md', () => {
  test.each(sections)('"%s" lists what package.json does, each once', (heading, packages) => {
    const listed = [...tableOf(heading).keys()]
    expect(listed.toSorted()).toEqual(Object.keys(packages).toSorted())
    expect(text.match(/^\| `.+$/gm)).toHaveLength(sections.flatMap(([name]) => [...tableOf(name)]).length)
  })

  test('gives each of them a reason', () => {
    const without = sections.flatMap(([heading]) => [...tableOf(heading)]).filter(([, reason]) => reason.trim().length < 5)
    expect(without).toEqual([])
  })

  test('the client has the versions of the server', () => {
    expect(manifest.dependencies).toMatchObject(client.dependencies)
  })

  test('every version is exact', () => {
    const versions = sections.flatMap(([, packages]) => Object.entries(packages))
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  })
})
