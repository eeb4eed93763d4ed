/** A secret, or what gives one: called before the first request, and again when the server refuses what it gave. */
export type SecretSource = string | (() => string | Promise<string>)

export interface CredentialOptions {
  /** A session token, of `LogIn` or of an OpenID Connect issuer. */
  token?: SecretSource | undefined
  /** An access key, for programs. */
  accessKey?: SecretSource | undefined
}

/** What requests and sockets show of who is asking. */
export class Credentials {
  readonly #name: 'authorization' | 'x-dhuo-access-key' | null
  readonly #source: SecretSource
  #known: Promise<string> | null = null

  constructor({ token, accessKey }: CredentialOptions) {
    if (token !== undefined && accessKey !== undefined) throw new TypeError('Give a token or an access key, not both.')
    this.#name = token !== undefined ? 'authorization' : accessKey !== undefined ? 'x-dhuo-access-key' : null
    this.#source = token ?? accessKey ?? ''
  }

  /** Headers of a request, and the payload of `connection_init`. */
  async headers(): Promise<Record<string, string>> {
    if (this.#name === null) return {}
    const secret = await this.#secret()
    return { [this.#name]: this.#name === 'authorization' ? `Bearer ${secret}` : secret }
  }

  /**
   * Forgets what the server has refused. Several requests are refused at once: the first makes the source be asked again, the
   * others find its new answer.
   * @returns whether there may be something better
   */
  async renew(refused: Readonly<Record<string, string>>): Promise<boolean> {
    if (this.#name === null || typeof this.#source === 'string') return false
    const current = await this.headers()
    if (current[this.#name] === refused[this.#name]) this.#known = null
    return true
  }

  #secret(): Promise<string> {
    const source = this.#source
    if (typeof source === 'string') return Promise.resolve(source)
    if (this.#known) return this.#known
    const asked = Promise.resolve().then(source)
    this.#known = asked
    asked.catch(() => {
      if (this.#known === asked) this.#known = null
    })
    return asked
  }
}
