import { randomUUID } from 'node:crypto'
import { access, constants, open, readFile, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Finding, fail, look, ok, warn } from './finding.js'

const mib = 2 ** 20
const probeBytes = mib

/** What is wrong with a directory that cannot be written to, by the code of the system: https://man7.org/linux/man-pages/man3/errno.3.html */
const remedies: Record<string, (directory: string, setting: string) => string> = {
  EACCES: (directory) =>
    `Give it to the account that runs the server: chown -R "$(id -un)" ${directory} && chmod u+rwx ${directory}`,
  EROFS: (directory, setting) =>
    `The file system is mounted read-only: mount it for writing (mount -o remount,rw …), or set ${setting} to another directory than ${directory}.`,
  ENOSPC: (directory, setting) =>
    `The disk is full: make room below ${directory}, or set ${setting} to a directory on another disk.`,
  EDQUOT: (directory, setting) =>
    `The account's quota is used up: make room below ${directory}, or set ${setting} to another directory.`,
  ENOTDIR: (directory, setting) => `${directory}, or what it lies in, is a file: set ${setting} to a directory.`,
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

/**
 * Whether files can be written in a directory, and how much room there is. A directory that is not there is not made.
 * @param setting the one that says where it is
 */
export async function* probeDirectory(
  directory: string,
  setting: string,
  leastMib: { warn: number; fail: number },
): AsyncGenerator<Finding> {
  const mend = (error: unknown): string =>
    remedies[codeOf(error)]?.(directory, setting) ?? `Set ${setting} to a directory that the server can write to.`
  if (!(await exists(directory))) {
    const parent = await nearestDirectory(directory)
    yield await look(
      'directory',
      async () => {
        await access(parent, constants.W_OK | constants.X_OK)
        return `${directory} is not there yet; the server makes it at its first start`
      },
      () => `Make it, for the account that runs the server: sudo install -d -o "$(id -un)" ${directory}`,
    )
    return yield await room(parent, setting, leastMib)
  }
  yield await look('directory', () => writeProbe(directory), mend)
  yield await room(directory, setting, leastMib)
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => codeOf(error) !== 'ENOENT',
  )

/** A file that is written, made durable, read back and removed. */
async function writeProbe(directory: string): Promise<string> {
  const path = join(directory, `.doctor-${randomUUID()}`)
  try {
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(Buffer.alloc(probeBytes, 'doctor'))
    await file.sync()
    if ((await readFile(path)).length !== probeBytes) throw new Error('A file that was written there is shorter when it is read.')
  } finally {
    await rm(path, { force: true })
  }
  return `${directory} can be written to`
}

const room = (directory: string, setting: string, least: { warn: number; fail: number }): Promise<Finding> =>
  look(
    'disk space',
    async () => {
      const { bsize, bavail, blocks, ffree, files } = await statfs(directory)
      const free = Math.floor((bsize * bavail) / mib)
      const said = `${gib(free)} of ${gib(Math.floor((bsize * blocks) / mib))} free`
      const remedy = `Make room on the disk of ${directory}, or set ${setting} to a directory on another one.`
      if (free < least.fail) return fail('disk space', `${said}.`, remedy)
      if (files > 0 && ffree < 10_000) return warn('disk space', `${said}, but only ${ffree} more files can be made.`, remedy)
      return free < least.warn ? warn('disk space', `${said}: less than ${gib(least.warn)}.`, remedy) : ok('disk space', said)
    },
    () => `Look at the disk of ${directory}.`,
  )

const gib = (ofMib: number): string => (ofMib < 1024 ? `${ofMib} MiB` : `${(ofMib / 1024).toFixed(1)} GiB`)

async function nearestDirectory(path: string): Promise<string> {
  for (let at = dirname(path); ; at = dirname(at)) {
    const found = await stat(at).catch(() => null)
    if (found?.isDirectory() || at === dirname(at)) return at
  }
}

/**
 * Whether others on this machine can read a file that holds a secret.
 * @returns null when there is no such file
 */
export async function probePrivateFile(check: string, path: string): Promise<Finding | null> {
  const found = await stat(path).catch(() => null)
  if (!found) return null
  const mode = (found.mode & 0o777).toString(8).padStart(3, '0')
  return (found.mode & 0o077) === 0
    ? ok(check, `${path} is for its owner alone`)
    : warn(check, `${path} holds secrets and can be read by others on this machine (mode ${mode}).`, `chmod 600 ${path}`)
}
