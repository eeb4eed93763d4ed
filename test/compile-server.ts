import { copyFile, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { transformFile } from '@swc/core'

const root = join(import.meta.dirname, '..')

/** @returns a directory of its own with the programs in `dist`, compiled from `src`, and what they need beside it */
export async function compileServer(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-server-'))
  const sources = (await readdir(join(root, 'src'), { recursive: true })).filter((name) => name.endsWith('.ts'))
  await Promise.all(
    sources.map(async (source) => {
      const target = join(directory, 'dist', source.replace(/\.ts$/, '.js'))
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, (await transformFile(join(root, 'src', source), { sourceMaps: false })).code)
    }),
  )
  for (const name of ['node_modules', 'templates']) await symlink(join(root, name), join(directory, name))
  await copyFile(join(root, 'package.json'), join(directory, 'package.json'))
  return directory
}
