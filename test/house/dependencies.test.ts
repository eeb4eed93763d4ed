import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
const text = await readFile(join(root, 'docs', 'dependencies.md'), 'utf8')

/** Package and reason of every line of the table below a heading. */
const tableOf = (heading: string): Map<string, string> => {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return new Map([...section.matchAll(/^\| `(.+?)` \| (.+) \|$/gm)].map(([, name = '', reason = '']) => [name, reason]))
}

const sections: readonly [heading: string, key: string][] = [
  ['At run time', 'dependencies'],
  ['For development', 'devDependencies'],
  ['Node itself', 'optionalDependencies'],
  ['Pinned below us', 'overrides'],
]

describe('docs/dependencies.md', () => {
  test.each(sections)('"%s" lists the %s of package.json, each once', (heading, key) => {
    const listed = [...tableOf(heading).keys()]
    expect(listed.toSorted()).toEqual(Object.keys(manifest[key] ?? {}).toSorted())
    expect(text.match(/^\| `.+$/gm)).toHaveLength(sections.flatMap(([name]) => [...tableOf(name)]).length)
  })

  test('gives each of them a reason', () => {
    const without = sections.flatMap(([heading]) => [...tableOf(heading)]).filter(([, reason]) => reason.trim().length < 5)
    expect(without).toEqual([])
  })

  test('every version is exact', () => {
    const versions = sections.flatMap(([, key]) => Object.entries<string>(manifest[key] ?? {}))
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  })
})
