import { copyFile, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { transformFile } from '@swc/core'

const root = join(import.meta.dirname, '..')

/** @returns a directory of its own with the programs in `dist`, compiled from `src`, and what they need beside it */
export async function compileServer(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-server-'))
  await Promise.all((await sourcesIn('src')).map((source) => compile(source, join(directory, source.replace(/^src/, 'dist')))))
  for (const name of ['node_modules', 'templates']) await symlink(join(root, name), join(directory, name))
  await copyFile(join(root, 'package.json'), join(directory, 'package.json'))
  return directory
}

/**
 * A program that imports some of the sources, for a process that a test kills.
 * @param sources files and folders, as they are called from the root: from the directory they are called the same
 * @param text of the program
 */
export async function compileProgram(directory: string, name: string, text: string, sources: readonly string[]): Promise<void> {
  const files = await Promise.all(sources.map((source) => (source.endsWith('.ts') ? [source] : sourcesIn(source))))
  await Promise.all(files.flat().map((source) => compile(source, join(directory, source))))
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  await writeFile(join(directory, name), text)
}

const sourcesIn = async (folder: string): Promise<string[]> =>
  (await readdir(join(root, folder), { recursive: true }))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))

async function compile(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target.replace(/\.ts$/, '.js'), (await transformFile(join(root, source), { sourceMaps: false })).code)
}
