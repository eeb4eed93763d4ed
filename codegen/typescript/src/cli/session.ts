import { createClient, type DhuoClient } from '../node.js'
import { credentialPath, readCredentials, type StoredCredential } from './credential-file.js'
import { CommandError, exitCodes, usageError } from './exit-codes.js'
import type { Output } from './output.js'

/** Options that every command takes. */
export interface CommonValues {
  url?: string | undefined
  project?: string | undefined
}

/** Where a setting came from is told when it is wrong. */
export interface ChosenServer {
  url: string
  from: string
}

/** What a command is called with, apart from its own arguments. */
export class Session {
  #client: DhuoClient | null = null

  constructor(
    readonly values: CommonValues,
    readonly env: NodeJS.ProcessEnv,
    readonly output: Output,
    /** Ctrl-C. */
    readonly signal: AbortSignal,
  ) {}

  get credentialPath(): string {
    return credentialPath(this.env)
  }

  async server(): Promise<ChosenServer> {
    const { url } = this.values
    if (url) return { url: canonical(url, '--url'), from: '--url' }
    if (this.env['DHUO_URL']) return { url: canonical(this.env['DHUO_URL'], 'DHUO_URL'), from: 'DHUO_URL' }
    const { current } = await readCredentials(this.credentialPath)
    return current ? { url: current, from: this.credentialPath } : { url: 'http://127.0.0.1:4000', from: 'nothing else was said' }
  }

  /** What was given by `dhuo login`, or by DHUO_ACCESS_KEY; null: nothing. */
  async credential(url: string): Promise<(StoredCredential & { from: string }) | null> {
    const accessKey = this.env['DHUO_ACCESS_KEY']
    if (accessKey) return { accessKey, email: null, from: 'DHUO_ACCESS_KEY' }
    const stored = (await readCredentials(this.credentialPath)).servers[url]
    return stored ? { ...stored, from: this.credentialPath } : null
  }

  /** @throws CommandError when nobody is logged in */
  async client(): Promise<DhuoClient> {
    if (this.#client) return this.#client
    const { url } = await this.server()
    const credential = await this.credential(url)
    if (!credential)
      throw new CommandError(exitCodes.unauthenticated, `Nobody is logged in to ${url}.`, 'dhuo login, or set DHUO_ACCESS_KEY.')
    if ('expiresAt' in credential && Date.parse(credential.expiresAt) <= Date.now())
      throw new CommandError(exitCodes.unauthenticated, `The login to ${url} ran out at ${credential.expiresAt}.`, 'dhuo login')
    this.#client = createClient({
      url,
      ...('token' in credential ? { token: credential.token } : { accessKey: credential.accessKey }),
    })
    return this.#client
  }

  /** @throws CommandError */
  project(): string {
    const name = this.values.project || this.env['DHUO_PROJECT']
    if (!name) throw usageError('Which project?', 'Give --project NAME, or set DHUO_PROJECT.')
    return name
  }

  close(): void {
    this.#client?.close()
  }
}

/** The client refuses what is no address. */
function canonical(url: string, from: string): string {
  try {
    return createClient({ url }).url
  } catch (error) {
    throw usageError(`${from}: ${(error as Error).message}`)
  }
}
