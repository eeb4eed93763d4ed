import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls'
import { type Database, type DatabaseSession, OracleFault } from './oracle-database.js'
import { Reader, Writer } from './ttc-codec.js'
import { errorMessage, StatementCalls } from './ttc-statements.js'

/**
 * A listener of Oracle's protocol (TNS and TTC) for the real driver to talk to: it negotiates, checks passwords as 12c does,
 * describes and fetches, and is interrupted as a server is. What SQL means is the business of the database behind it.
 * Nothing of this was compared with a real server; it says what the driver (26.0, thin) wants to hear.
 */
export interface OracleListener {
  /** For `DHUO_LAKEHOUSE_URL`. */
  url: string
  port: number
  /** Who came in, in order: `SERVER[CLIENT]`. */
  readonly logins: string[]
  /** How many rows each fetch wanted at most. */
  readonly fetches: number[]
  /** Names on the certificates that clients presented. */
  readonly certificates: string[]
  /** Connections that are open now. */
  open(): number
  /** Cuts them without a word. */
  cut(): void
  /** True: what comes is not read, as by a machine that hangs. */
  freeze(isFrozen: boolean): void
  /** True: nobody is answered at the login, and those who ask then never are. */
  mute(isMute: boolean): void
  close(): Promise<void>
}

export interface ListenerOptions {
  password?: string
  /** 19 or 23: what the server can do, and how it describes columns. */
  release?: 19 | 23
  /** What it says of its version, for example 0x12020000 for 12.2; that of the release unless said otherwise. */
  version?: number
  /** It speaks TLS, with these certificates. */
  tls?: TlsOptions | null
  /** Takes connections, and says nothing when somebody logs in. */
  isMute?: boolean
}

/** The one service that it knows. */
const service = 'FREEPDB1'

const packet = { connect: 1, accept: 2, refuse: 4, data: 6, marker: 12 } as const
const message = { protocol: 1, dataTypes: 2, call: 3, error: 4, parameter: 8, status: 9, piggyback: 17 } as const
const call = { logoff: 9, commit: 14, rollback: 15, lob: 96, setSchema: 152, closeCursors: 105, cancelCursors: 120 } as const
const calls = {
  endToEnd: 135,
  ping: 147,
  authOne: 118,
  authTwo: 115,
  execute: 94,
  fetch: 5,
  again: 4,
  againAndFetch: 78,
} as const

export async function startOracleListener(database: Database, options: ListenerOptions = {}): Promise<OracleListener> {
  const sockets = new Set<Socket>()
  const endings = new Set<Promise<void>>()
  const logins: string[] = []
  const fetches: number[] = []
  const certificates: string[] = []
  let isFrozen = false
  const release = options.release ?? 23
  const all = {
    password: 'secret',
    release,
    version: release === 23 ? 0x17090000 : 0x13030000,
    tls: null,
    isMute: false,
    ...options,
  }
  const serve = (socket: Socket) => {
    sockets.add(socket)
    if (socket instanceof TLSSocket) certificates.push(String(socket.getPeerCertificate().subject?.CN))
    if (isFrozen) socket.pause()
    const connection = new Connection(socket, database, all, { logins, fetches })
    socket.on('data', (bytes) => connection.receive(bytes))
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      const ending = connection.gone().finally(() => endings.delete(ending))
      endings.add(ending)
    })
  }
  const server: Server = all.tls ? createTlsServer(all.tls, serve) : createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `oracle://127.0.0.1:${port}/${service}${all.tls ? '?tls=true' : ''}`,
    port,
    logins,
    fetches,
    certificates,
    open: () => sockets.size,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    freeze: (frozen) => {
      isFrozen = frozen
      for (const socket of sockets)
        if (frozen) socket.pause()
        else socket.resume()
    },
    mute: (isMute) => {
      all.isMute = isMute
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
      await Promise.all(endings)
    },
  }
}

class Connection {
  #received = Buffer.alloc(0)
  #request: Buffer[] = []
  #isLarge = false
  #isInterrupted = false
  #isWorking = false
  #session: DatabaseSession | null = null
  #statements: StatementCalls | null = null
  #work: Promise<void> = Promise.resolve()
  readonly #login: LoginCalls

  constructor(
    private readonly socket: Socket,
    private readonly database: Database,
    private readonly options: Required<ListenerOptions>,
    private readonly account: Pick<OracleListener, 'logins' | 'fetches'>,
  ) {
    this.#login = new LoginCalls(options.password, options.version)
  }

  async gone(): Promise<void> {
    if (this.#isWorking) this.#session?.cancel()
    await this.#work.catch(() => {})
    await this.#session?.close()
    this.#session = null
  }

  receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    for (;;) {
      if (this.#received.length < 8) return
      const length = this.#isLarge ? this.#received.readUInt32BE(0) : this.#received.readUInt16BE(0)
      if (this.#received.length < length) return
      const [type, body] = [this.#received[4]!, Buffer.from(this.#received.subarray(8, length))]
      this.#received = this.#received.subarray(length)
      this.#packet(type, body)
    }
  }

  #packet(type: number, body: Buffer): void {
    if (type === packet.connect) {
      // Connect data that is long comes in a packet of its own.
      if (body.length + 8 > 74) this.#accept(body)
      return
    }
    if (type === packet.marker) this.#marker(body[2]!)
    else if (!this.#isLarge) this.#accept(body)
    else if (type === packet.data) this.#data(body)
  }

  #data(body: Buffer): void {
    const flags = body.readUInt16BE(0)
    this.#request.push(body.subarray(2))
    const isLast = (flags & 0x800) !== 0
    if (!isLast) return
    const reader = new Reader(Buffer.concat(this.#request))
    this.#request = []
    this.#work = this.#work.then(() => this.#serve(reader))
  }

  #send(type: number, body: Uint8Array): void {
    const header = Buffer.alloc(8)
    if (this.#isLarge) header.writeUInt32BE(body.length + 8)
    else header.writeUInt16BE(body.length + 8)
    header[4] = type
    this.socket.write(Buffer.concat([header, body]))
  }

  #answer(bytes: Uint8Array): void {
    const most = 8_000
    for (let from = 0; from === 0 || from < bytes.length; from += most)
      this.#send(packet.data, Buffer.concat([Buffer.alloc(2), bytes.subarray(from, from + most)]))
  }

  #accept(connectData: Buffer): void {
    if (!connectData.toString('latin1').toUpperCase().includes(`SERVICE_NAME=${service})`)) {
      const reason = '(DESCRIPTION=(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))'
      this.#send(packet.refuse, Buffer.concat([Buffer.from([0, 0, 0, reason.length]), Buffer.from(reason)]))
      this.socket.end()
      return
    }
    const body = Buffer.alloc(37)
    body.writeUInt16BE(318, 0)
    body.writeUInt16BE(8192, 4)
    body.writeUInt16BE(65_535, 6)
    // No native network encryption.
    body[14] = body[15] = 0x08
    body.writeUInt32BE(8192, 24)
    body.writeUInt32BE(65_535, 28)
    this.#send(packet.accept, body)
    // From here on lengths have four bytes.
    this.#isLarge = true
  }

  /** The client interrupts (3) or breaks (1); when it has heard of that it resets (2), and is told the error. */
  #marker(kind: number): void {
    if (kind !== 2) {
      this.#isInterrupted = true
      this.#session?.cancel()
      this.#send(packet.marker, Buffer.from([1, 0, 1]))
      return
    }
    this.#send(packet.marker, Buffer.from([1, 0, 2]))
    this.#work = this.#work.then(() => {
      this.#isInterrupted = false
      this.#answer(this.#error(new OracleFault(1013, 'User requested cancel of current operation.')))
    })
  }

  async #serve(reader: Reader): Promise<void> {
    this.#isWorking = true
    let answer: Uint8Array | null
    try {
      answer = await this.#handle(reader)
    } catch (error) {
      answer = this.#error(
        error instanceof OracleFault ? error : new OracleFault(900, `the double failed: ${(error as Error).stack}`),
      )
    }
    this.#isWorking = false
    // Who interrupted hears the error, and that alone.
    if (answer !== null && !this.#isInterrupted) this.#answer(answer)
  }

  #error(fault: OracleFault): Uint8Array {
    const { release } = this.options
    return errorMessage(fault, { release, inTransaction: this.#statements?.inTransaction ?? false })
  }

  async #handle(reader: Reader): Promise<Uint8Array | null> {
    const type = reader.byte()
    if (type === message.protocol) return this.#negotiateProtocol()
    if (type === message.dataTypes) return this.#negotiateTypes()
    if (type === message.piggyback) {
      this.#piggyback(reader)
      return this.#handle(reader)
    }
    if (type !== message.call) throw new Error(`unknown message ${type}`)
    const code = reader.byte()
    reader.byte()
    if (this.options.release === 23) reader.integer()
    const ok = () =>
      new Writer()
        .byte(message.status)
        .integer(this.#statements?.inTransaction ? 2 : 0)
        .integer(0)
        .done()
    if (this.options.isMute) return null
    switch (code) {
      case calls.authOne:
        return this.#login.one(reader)
      case calls.authTwo: {
        const { login, answer } = this.#login.two(reader)
        this.#session = await this.database.login(login)
        this.#statements = new StatementCalls(this.#session, this.options.release, this.account.fetches)
        this.account.logins.push(login.client === null ? login.user : `${login.user}[${login.client}]`)
        return answer
      }
      case calls.execute:
        return this.#statements!.execute(reader)
      case calls.again:
      case calls.againAndFetch:
        return this.#statements!.again(reader, code === calls.againAndFetch)
      case calls.fetch:
        return this.#statements!.fetch(reader)
      case call.commit:
        await this.#statements!.commit()
        return ok()
      case call.rollback:
        await this.#statements!.rollback()
        return ok()
      case call.lob:
        return this.#statements!.lob(reader)
      case calls.ping:
        return ok()
      case call.logoff:
        setImmediate(() => this.socket.end())
        return ok()
      default:
        throw new Error(`unknown call ${code}`)
    }
  }

  #piggyback(reader: Reader): void {
    const code = reader.byte()
    reader.byte()
    if (this.options.release === 23) reader.integer()
    if (code === call.closeCursors || code === call.cancelCursors) {
      reader.byte()
      for (let left = reader.integer(); left > 0; left--) this.#statements?.closeCursor(reader.integer())
    } else if (code === calls.endToEnd) {
      reader.take(2)
      reader.integer()
      const present = (['client', 'module', 'action', 'ecid'] as const).map(() => [reader.byte(), reader.integer()] as const)
      reader.byte()
      reader.integer()
      present.push([reader.byte(), reader.integer()])
      reader.byte()
      reader.integer()
      reader.byte()
      reader.integer()
      present.push([reader.byte(), reader.integer()])
      for (const [isThere, length] of present) if (isThere === 1 && length > 0) reader.data()
    } else if (code === call.lob) this.#statements?.freeLobs(reader)
    else throw new Error(`unknown piggyback ${code}`)
  }

  #negotiateTypes(): Uint8Array {
    // UTC, as an interval.
    const zone = Buffer.from([0x80, 0, 0, 0, 60, 60, 60, 0x80, 0, 0, 0])
    const writer = new Writer().byte(message.dataTypes)
    if (this.options.release === 23) writer.raw(zone)
    return writer.uint16(0).done()
  }

  #negotiateProtocol(): Uint8Array {
    const compile = Buffer.alloc(53)
    compile[7] = this.options.release === 23 ? 24 : 13
    const runtime = Buffer.alloc(11)
    // Text of up to 32,767 bytes; the time zone of the database.
    runtime[6] = 0x04
    if (this.options.release === 23) runtime[1] = 0x01
    // Where the number of the national character set is said.
    const sets = Buffer.alloc(11)
    sets.writeUInt16BE(2000, 9)
    return new Writer()
      .byte(message.protocol, 6, 0)
      .raw(Buffer.from('a double of Oracle, for tests\0'))
      .uint16(873, true)
      .byte(1)
      .uint16(0, true)
      .uint16(sets.length)
      .raw(sets)
      .data(compile)
      .data(runtime)
      .done()
  }
}

/** Of passwords as 12c keeps them (O5LOGON with PBKDF2): both sides prove that they know it, and neither sends it. */
class LoginCalls {
  readonly #salt = randomBytes(16)
  readonly #mixingSalt = randomBytes(16)
  readonly #serverKey = randomBytes(32)
  readonly #hash: Buffer

  constructor(
    private readonly password: string,
    private readonly version: number,
  ) {
    const key = pbkdf2Sync(password, Buffer.concat([this.#salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]), 64, 64, 'sha512')
    this.#hash = createHash('sha512').update(key).update(this.#salt).digest().subarray(0, 32)
  }

  one(reader: Reader): Uint8Array {
    reader.take(reader.bytes.length - reader.at)
    const flags = 0x4815
    const pairs: [string, string, number][] = [
      ['AUTH_SESSKEY', hex(crypt(this.#hash, this.#serverKey, 'encrypt')), 0],
      ['AUTH_VFR_DATA', hex(this.#salt), flags],
      ['AUTH_PBKDF2_CSK_SALT', hex(this.#mixingSalt), 0],
      ['AUTH_PBKDF2_VGEN_COUNT', '64', 0],
      ['AUTH_PBKDF2_SDER_COUNT', '3', 0],
    ]
    return answerPairs(pairs)
  }

  /** @throws OracleFault 1017 */
  two(reader: Reader): { login: { user: string; password: string; client: string | null }; answer: Uint8Array } {
    reader.byte()
    reader.integer()
    reader.integer()
    reader.byte()
    const count = reader.integer()
    reader.take(2)
    const user = reader.text()
    const pairs = new Map<string, string>()
    for (let i = 0; i < count; i++) {
      reader.integer()
      const key = reader.text()
      pairs.set(key, reader.integer() > 0 ? reader.text() : '')
      reader.integer()
    }
    const clientKey = crypt(this.#hash, Buffer.from(pairs.get('AUTH_SESSKEY')!, 'hex'), 'decrypt')
    const both = Buffer.concat([clientKey.subarray(0, 32), this.#serverKey])
    const combined = pbkdf2Sync(hex(both), this.#mixingSalt, 3, 32, 'sha512')
    const sent = crypt(combined, Buffer.from(pairs.get('AUTH_PASSWORD')!, 'hex'), 'decrypt').subarray(16)
    const padding = sent.at(-1)!
    const password = sent.subarray(0, sent.length - padding).toString()
    if (password !== this.password) throw new OracleFault(1017, 'invalid credential or not authorized; logon denied')
    const proof = crypt(combined, Buffer.concat([randomBytes(16), Buffer.from('SERVER_TO_CLIENT')]), 'encrypt')
    return {
      login: { user: user.toUpperCase(), password, client: pairs.get('PROXY_CLIENT_NAME') ?? null },
      answer: answerPairs([
        ['AUTH_SVR_RESPONSE', hex(proof), 0],
        ['AUTH_VERSION_NO', String(this.version), 0],
        ['AUTH_MAX_IDEN_LENGTH', '128', 0],
        ['AUTH_DBNAME', service, 0],
      ]),
    }
  }
}

function answerPairs(pairs: readonly [string, string, number][]): Uint8Array {
  const writer = new Writer().byte(message.parameter).integer(pairs.length)
  for (const [key, value, flags] of pairs) writer.pair(key, value, flags)
  return writer.byte(message.status).integer(0).integer(0).done()
}

const hex = (bytes: Buffer): string => bytes.toString('hex').toUpperCase()

function crypt(key: Buffer, bytes: Buffer, direction: 'encrypt' | 'decrypt'): Buffer {
  const iv = Buffer.alloc(16)
  const cipher = direction === 'encrypt' ? createCipheriv('aes-256-cbc', key, iv) : createDecipheriv('aes-256-cbc', key, iv)
  cipher.setAutoPadding(false)
  return Buffer.concat([cipher.update(bytes), cipher.final()])
}
