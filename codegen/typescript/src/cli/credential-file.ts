import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { CommandError, exitCodes } from './exit-codes.js'

/** What was given by `dhuo login` for one server: never a password. */
export type StoredCredential = { token: string; expiresAt: string; email: string } | { accessKey: string; email: string | null }

export interface CredentialFile {
  /** The server that is meant where nobody names one. */
  current: string | null
  servers: Record<string, StoredCredential>
}

/** https://specifications.freedesktop.org/basedir-spec */
export const credentialPath = (env: NodeJS.ProcessEnv): string =>
  join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'dhuo', 'credentials.json')

const none: CredentialFile = { current: null, servers: {} }

/** @throws CommandError when others can read the file, or when it is none of ours */
export async function readCredentials(path: string): Promise<CredentialFile> {
  const found = await stat(path).catch((error: { code?: string }) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (!found) return none
  if (process.platform !== 'win32') {
    const mode = (found.mode & 0o777).toString(8).padStart(3, '0')
    if ((found.mode & 0o077) !== 0)
      throw new CommandError(
        exitCodes.unauthenticated,
        `${path} can be read by others (mode ${mode}): it is not used.`,
        `Take what is in it for known: rm ${path}, and log in anew.`,
      )
    if (found.uid !== process.getuid?.())
      throw new CommandError(exitCodes.unauthenticated, `${path} belongs to somebody else: it is not used.`)
  }
  try {
    const { current = null, servers } = JSON.parse(await readFile(path, 'utf8')) as Partial<CredentialFile>
    return { current, servers: { ...servers } }
  } catch {
    throw new CommandError(exitCodes.unauthenticated, `${path} is damaged.`, `Remove it, and log in anew: rm ${path}`)
  }
}

/** Whole or not at all, and at no time readable by others. */
export async function writeCredentials(path: string, credentials: CredentialFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const beside = `${path}.${randomUUID().slice(0, 8)}`
  const file = await open(beside, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(credentials, null, 2)}\n`)
    await file.close()
    await rename(beside, path)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(beside, { force: true })
    throw error
  }
}
