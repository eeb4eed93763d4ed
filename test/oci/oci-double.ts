// A double of Oracle Cloud's services over HTTP: checks signatures, counts calls, goes wrong when told to.
import { createHash, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type OciFault, OciFaults, strikeBefore } from './oci-faults.js'
import { matchPath, type OciAnswer, OciRefusal, type OciRoute, type OciService } from './oci-service.js'
import { verifySignature } from './request-signature.js'

/** One request that came, whatever became of it. */
export interface OciCallRecord {
  operation: string
  /** 0 where the connection was cut. */
  status: number
  /** What the client sent as its own. */
  clientRequestId: string | undefined
  retryToken: string | undefined
  url: string
  /** Of the client's connection. */
  port: number
}

const maxSignedBody = 16 * 2 ** 20

/** Start it with `startOciDouble`. */
export class OciDouble {
  readonly faults = new OciFaults()
  /** What came, oldest first. */
  readonly requests: OciCallRecord[] = []
  /** How far the clock of the services is ahead of this machine's. */
  clockSkewMs = 0
  /** PEM, by key id. */
  readonly publicKeys = new Map<string, string>()
  readonly tenancy = 'ocid1.tenancy.oc1..double'
  readonly user = 'ocid1.user.oc1..double'
  /** PEM, PKCS#8. */
  readonly privateKey: string
  readonly fingerprint: string
  #port = 0
  #directory: string | null = null
  #server: Server
  readonly #services: OciService[]

  constructor(services: OciService[]) {
    this.#services = services
    this.#server = this.#newServer()
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    this.fingerprint = fingerprintOf(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString())
    this.publicKeys.set(this.keyId, pair.publicKey.export({ type: 'spki', format: 'pem' }).toString())
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get keyId(): string {
    return `${this.tenancy}/${this.user}/${this.fingerprint}`
  }

  /** How often an operation was asked for. */
  calls(operation: string): number {
    return this.requests.filter((request) => request.operation === operation).length
  }

  /**
   * Writes a configuration file with the key that the double accepts; it goes with the double.
   * @param changes lines in place of the usual ones, or beside them; an empty value leaves the line out
   * @returns its path
   */
  async writeConfigFile(changes: Record<string, string> = {}): Promise<string> {
    this.#directory ??= await mkdtemp(join(tmpdir(), 'dhuo-oci-double-'))
    const directory = await mkdtemp(join(this.#directory, 'profile-'))
    const { tenancy, user, fingerprint } = this
    const key_file = join(directory, 'key.pem')
    await writeFile(key_file, this.privateKey, { mode: 0o600 })
    const lines = Object.entries({ user, fingerprint, tenancy, region: 'sa-saopaulo-1', key_file, ...changes })
    const text = lines.map(([name, value]) => (value === '' ? '' : `${name}=${value}\n`)).join('')
    await writeFile(join(directory, 'config'), `[DEFAULT]\n${text}`, { mode: 0o600 })
    return join(directory, 'config')
  }

  /** Takes connections; after `goDown` at the same port again. */
  async goUp(): Promise<void> {
    await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses connections and cuts those that are open. What the services hold stays. */
  async goDown(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
    this.#server = this.#newServer()
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.goDown()
    for (const service of this.#services) await service.close?.()
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true })
  }

  #newServer(): Server {
    // Bodies of gigabytes take longer than Node's five minutes.
    return createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
      const { socket } = request
      this.#serve(request, response).catch(() => socket.destroy())
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers } = request
    const found = this.#find(method, url)
    const record: OciCallRecord = {
      operation: found?.route.operation ?? 'unknown',
      status: 0,
      clientRequestId: headers['opc-request-id'] as string | undefined,
      retryToken: headers['opc-retry-token'] as string | undefined,
      url,
      port: request.socket.remotePort ?? 0,
    }
    this.requests.push(record)
    const fault = this.faults.take(record.operation)
    if (await strikeBefore(fault, request)) return
    const answer = fault?.refuse ? refusalOf(fault.refuse) : await this.#answer(request, found)
    if (fault?.reset === 'after') request.socket.destroy()
    if (fault?.reset === 'after' || fault?.hang === 'after') {
      if (answer.bytes instanceof Readable) answer.bytes.destroy()
      return
    }
    record.status = answer.status ?? 200
    // As the service does: the client's id, then its own.
    const requestId = [record.clientRequestId, randomUUID()].filter(Boolean).join('/')
    response.writeHead(record.status, {
      date: new Date(Date.now() + this.clockSkewMs).toUTCString(),
      'opc-request-id': requestId,
      ...(answer.json !== undefined && { 'content-type': 'application/json' }),
      ...Object.fromEntries(Object.entries(answer.headers ?? {}).filter(([, value]) => value !== undefined)),
    })
    await sendBody(request, response, answer, fault)
    // What of the request nobody read must not stand before the next one.
    if (!request.complete) request.resume()
  }

  #find(method: string, url: string): { route: OciRoute; params: Record<string, string> } | null {
    const path = url.split('?')[0]!
    for (const service of this.#services)
      for (const route of service.routes) {
        const params = route.method === method ? matchPath(route.path, path) : null
        if (params) return { route, params }
      }
    return null
  }

  async #answer(request: IncomingMessage, found: { route: OciRoute; params: Record<string, string> } | null): Promise<OciAnswer> {
    try {
      const { method = '', url = '/', headers } = request
      const now = Date.now() + this.clockSkewMs
      const isStreamed = found?.route.unsigned !== undefined
      const body = isStreamed ? Buffer.alloc(0) : await bodyOf(request)
      if (found?.route.unsigned !== 'nothing') {
        try {
          const publicKeyOf = (keyId: string) => this.publicKeys.get(keyId)
          verifySignature({ method, url, headers, body: isStreamed ? null : body }, { publicKeyOf, now })
        } catch (error) {
          throw new OciRefusal(401, 'NotAuthenticated', (error as Error).message)
        }
      }
      if (!found) throw new OciRefusal(404, 'NotFound', `There is no ${method} ${url.split('?')[0]}.`)
      const query = new URL(url, 'http://double').searchParams
      const json = isJson(headers['content-type']) && body.length > 0 ? JSON.parse(body.toString('utf8')) : undefined
      return await found.route.handle({ params: found.params, query, headers, json, body, stream: request, now })
    } catch (error) {
      if (!(error instanceof OciRefusal)) throw error
      const { status, code, message } = error
      return { status, json: { code, message } }
    }
  }
}

/** On a free port of this machine. */
export async function startOciDouble(...services: OciService[]): Promise<OciDouble> {
  const double = new OciDouble(services)
  await double.goUp()
  return double
}

/** MD5 of the key in DER, in pairs of hex digits with colons between. */
function fingerprintOf(publicKey: string): string {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' })
  return createHash('md5').update(der).digest('hex').match(/../g)!.join(':')
}

const isJson = (contentType: string | undefined): boolean => /^application\/json\b/.test(contentType ?? '')

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += (part as Buffer).length
    if (size > maxSignedBody) throw new OciRefusal(413, 'RequestEntityTooLarge', 'The body is too large.')
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}

function refusalOf({ status, code, headers }: NonNullable<OciFault['refuse']>): OciAnswer {
  if (code) return { status, headers, json: { code, message: 'It was told to fail.' } }
  return {
    status,
    headers: { 'content-type': 'text/html', ...headers },
    bytes: Buffer.from(`<html>${'A proxy says no. '.repeat(2000)}</html>`),
  }
}

async function sendBody(
  request: IncomingMessage,
  response: ServerResponse,
  answer: OciAnswer,
  fault: OciFault | null,
): Promise<void> {
  const bytes = answer.json !== undefined ? Buffer.from(JSON.stringify(answer.json)) : (answer.bytes ?? Buffer.alloc(0))
  const limit = fault?.cutAnswerAfter ?? fault?.stallAnswerAfter
  if (request.method === 'HEAD' || [204, 304].includes(response.statusCode)) {
    if (bytes instanceof Readable) bytes.destroy()
    response.end()
  } else if (limit !== undefined) await sendSome(request, response, bytes, limit, fault?.cutAnswerAfter !== undefined)
  else if (bytes instanceof Readable) await pipeline(bytes, response)
  else response.end(bytes)
}

async function sendSome(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Readable | Buffer,
  limit: number,
  thenCut: boolean,
): Promise<void> {
  let sent = 0
  for await (const part of bytes instanceof Readable ? bytes : [bytes]) {
    const piece = (part as Buffer).subarray(0, limit - sent)
    sent += piece.length
    await new Promise((resolve) => response.write(piece, resolve))
    if (sent >= limit) break
  }
  if (thenCut) request.socket.destroy()
}
