import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const ignored = new Set(['node_modules', 'dist', '.git', '.dhuo', 'coverage'])

/** What lies below it, without what is installed or built. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const found = entries.map((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return ignored.has(entry.name) ? [] : filesBelow(path)
    return /\.(md|ts|mjs|js|json|py|ya?ml|graphql|ipynb|example)$|^(Dockerfile|run)$/.test(entry.name) ? [path] : []
  })
  return (await Promise.all(found)).flat()
}

/** Anchors of its headings, as GitHub makes them. */
function anchorsOf(markdown: string): Set<string> {
  const headings = withoutCode(markdown).matchAll(/^#+ (.*)$/gm)
  const plain = (heading: string) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
  return new Set([...headings].map(([, heading]) => plain(heading!.trim()).replaceAll(' ', '-')))
}
const withoutCode = (markdown: string): string => markdown.replace(/^```.*?^```/gms, '')

/** Links of a page that lead nowhere. */
async function deadLinks(path: string, markdown: string): Promise<string[]> {
  const dead: string[] = []
  for (const [, target] of withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target!)) continue
    const [place, anchor] = target!.split('#')
    const file = place ? join(dirname(path), place) : path
    if (!existsSync(file)) dead.push(target!)
    else if (anchor && file.endsWith('.md') && !anchorsOf(await readFile(file, 'utf8')).has(anchor)) dead.push(target!)
  }
  return dead
}

/** Pages that a text names, and that are not there. */
const missingPages = (text: string): string[] =>
  [...text.matchAll(/(?<![\w/.-])docs\/[\w./-]+\.(md|json)/g)]
    .map(([page]) => page)
    .filter((page) => !existsSync(join(root, page)))

test('every link of every page leads somewhere, down to the heading', async () => {
  const dead: string[] = []
  for (const path of await filesBelow(root))
    if (path.endsWith('.md') && !path.endsWith('template.md'))
      for (const link of await deadLinks(path, await readFile(path, 'utf8'))) dead.push(`${relative(root, path)}: ${link}`)
  expect(dead).toEqual([])
})

test('a page that a comment, a message or a setting names is there', async () => {
  const missing: string[] = []
  for (const path of await filesBelow(root))
    if (path !== import.meta.filename)
      for (const page of missingPages(await readFile(path, 'utf8'))) missing.push(`${relative(root, path)}: ${page}`)
  expect(missing).toEqual([])
})

test('it would be noticed otherwise', async () => {
  const page = join(root, 'docs', 'planted.md')
  const text = '[a](../README.md) [b](gone.md) [c](../README.md#settings) [d](../README.md#no-such) [e](https://example.com)'
  expect(await deadLinks(page, text)).toEqual(['gone.md', '../README.md#no-such'])
  expect(missingPages('docs/gone.md says so, docs/architecture.md too')).toEqual(['docs/gone.md'])
})
