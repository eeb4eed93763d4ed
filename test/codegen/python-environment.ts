import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'python')

/** What people have beside the client where they write notebooks, and what packs and checks it: one environment for all tests. */
export const notebookPackages = [
  ...['nbclient', 'ipykernel', 'pandas', 'pyarrow', 'tqdm', 'scikit-learn', 'lightgbm'],
  ...['mypy', 'setuptools', 'wheel'],
]

/**
 * A virtual environment with these packages, made the first time that anybody asks for it.
 * @returns its interpreter, or why there is none
 */
export async function pythonWith(packages: readonly string[]): Promise<{ python: string } | { missing: string }> {
  const name = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12)
  const directory = join(cache, name)
  const python = join(directory, 'bin', 'python')
  if (existsSync(join(directory, 'complete'))) return { python }
  await mkdir(cache, { recursive: true })
  // What is half made has another name. Programs in it would name the old place, and nobody starts them: `python -m`.
  const draft = join(cache, `${name}.${process.pid}`)
  try {
    await run('python3', ['-m', 'venv', draft])
    await run(join(draft, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages])
    await mkdir(join(draft, 'complete'))
    await rename(draft, directory)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (existsSync(join(directory, 'complete'))) return { python }
    const { stderr = '', message } = error as Error & { stderr?: string }
    return { missing: `pip cannot install ${packages.join(', ')}: ${stderr.trim().split('\n').at(-1) || message}` }
  }
  return { python }
}
