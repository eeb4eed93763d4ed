import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

export const root = join(import.meta.dirname, '..', '..')
const source = join(root, 'codegen', 'typescript')

/** What a program prints; what it printed and its end when it fails. */
export async function run(program: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  try {
    return await promisify(execFile)(program, args, options)
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error })
  }
}

/**
 * A folder in which somebody has installed the client from its package, without a network. It is made once for each state of the
 * sources: test files that run side by side share it.
 */
export async function installedClient(): Promise<string> {
  const folder = join(root, 'node_modules', '.cache', 'dhuo-client', await stateOfSources())
  const [done, lock] = [join(folder, 'done'), `${folder}.lock`]
  await mkdir(join(folder, '..'), { recursive: true })
  while (!existsSync(done)) {
    const isOurs = await mkdir(lock).then(
      () => true,
      () => false,
    )
    if (!isOurs) {
      // Whoever had it may have been killed.
      const age = Date.now() - ((await stat(lock).catch(() => null))?.mtimeMs ?? Date.now())
      if (age > 60_000) await rm(lock, { recursive: true, force: true })
      await sleep(50)
      continue
    }
    try {
      if (!existsSync(done)) await packAndInstall(folder)
      await writeFile(done, '')
    } finally {
      await rm(lock, { recursive: true, force: true })
    }
  }
  return folder
}

async function packAndInstall(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const { stdout } = await run('npm', ['pack', source, '--pack-destination', folder, '--json', '--silent'])
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  await writeFile(join(folder, 'package.json'), '{"name":"somebody","private":true,"type":"module"}')
  // Its neighbours come from here: there is no registry.
  const neighbours = ['yaml', 'ws'].map((name) => join(root, 'node_modules', name))
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename), ...neighbours], { cwd: folder })
}

async function stateOfSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of [
    'package.json',
    'tsconfig.json',
    'README.md',
    ...(await readdir(join(source, 'src'), { recursive: true })).sort(),
  ]) {
    const path = join(source, /\.(ts)$/.test(name) ? 'src' : '', name)
    if ((await stat(path).catch(() => null))?.isFile()) hash.update(name).update(await readFile(path))
  }
  return hash.digest('hex').slice(0, 16)
}
