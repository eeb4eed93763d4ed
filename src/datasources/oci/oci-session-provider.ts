// Signs with the session token that `oci session authenticate` left, and renews it before it ends.
import { readFile } from 'node:fs/promises'
import { ConfigFileReader, SessionAuthDetailProvider } from 'oci-common'
import type { Logger } from '../../logger.js'

export interface OciSessionOptions {
  configFile: string
  profile: string
  log: Logger
  /** Asks the authentication service for a token in place of this one. */
  renew(provider: SessionAuthDetailProvider, token: string): Promise<string>
}

const renewBeforeMs = 10 * 60_000
const pauseAfterFailureMs = 30_000

/** The SDK's provider never renews by itself, and reads the token's file once. */
export class OciSessionProvider extends SessionAuthDetailProvider {
  readonly #options: OciSessionOptions
  readonly #tokenFile: string
  #renewing: Promise<void> | null = null
  #notBefore = 0

  constructor(options: OciSessionOptions) {
    super(options.configFile, options.profile)
    this.#options = options
    const file = ConfigFileReader.parseFileFromPath(options.configFile, options.profile)
    this.#tokenFile = ConfigFileReader.expandUserHome(file.get('security_token_file') ?? '')
  }

  override async getSecurityToken(): Promise<string> {
    const left = expiryOf(this.sessionToken) - Date.now()
    if (left < renewBeforeMs) {
      const renewing = this.#renew()
      // While the old token is good nobody waits for the new one.
      if (left <= 0) await renewing
    }
    return this.sessionToken?.trim() ?? ''
  }

  /** One at a time. What fails is logged: the old token may do for a while, and then the service says that it does not. */
  #renew(): Promise<void> {
    if (Date.now() < this.#notBefore) return Promise.resolve()
    this.#renewing ??= this.#takeNewer()
      .catch((error: unknown) => {
        this.#notBefore = Date.now() + pauseAfterFailureMs
        this.#options.log.warn(
          { err: error },
          'the OCI session token could not be renewed: run "oci session authenticate" or "oci session refresh"',
        )
      })
      .finally(() => {
        this.#renewing = null
      })
    return this.#renewing
  }

  async #takeNewer(): Promise<void> {
    const current = this.sessionToken?.trim() ?? ''
    // Somebody may have run `oci session refresh` meanwhile.
    const stored = (await readFile(this.#tokenFile, 'utf8').catch(() => '')).trim()
    const isNewer = expiryOf(stored) > Math.max(expiryOf(current), Date.now() + renewBeforeMs)
    this.sessionToken = isNewer ? stored : await this.#options.renew(this, current)
  }
}

/** Milliseconds since 1970; 0 for what is no token, which then counts as expired. */
function expiryOf(token: string | undefined): number {
  try {
    const claims = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString('utf8')) as { exp?: unknown }
    return typeof claims.exp === 'number' ? claims.exp * 1_000 : 0
  } catch {
    return 0
  }
}
