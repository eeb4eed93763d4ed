/** How Oracle's protocol writes numbers, texts and values. Written anew for the tests: the driver must not check itself. */

const chunked = 0xfe
const longestShort = 252

/** Reads what a client sent. */
export class Reader {
  at = 0
  constructor(readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  byte(): number {
    return this.bytes[this.at++]!
  }

  take(length: number): Buffer {
    const part = this.bytes.subarray(this.at, this.at + length)
    if (part.length < length) throw new Error(`the message ends ${length - part.length} bytes too early`)
    this.at += length
    return part
  }

  /** An integer with its length before it. */
  integer(): number {
    const length = this.byte()
    let value = 0
    for (const byte of this.take(length & 0x7f)) value = value * 256 + byte
    return length & 0x80 ? -value : value
  }

  uint16(): number {
    return this.take(2).readUInt16BE()
  }

  /** Null for an empty one: Oracle knows no empty text. */
  data(): Buffer | null {
    const length = this.byte()
    if (length === 0 || length === 0xff) return null
    if (length !== chunked) return this.take(length)
    const parts: Buffer[] = []
    for (let size = this.integer(); size > 0; size = this.integer()) parts.push(this.take(size))
    return Buffer.concat(parts)
  }

  text(): string {
    return this.data()?.toString() ?? ''
  }
}

/** Writes what a server answers. */
export class Writer {
  #bytes = Buffer.alloc(256)
  #length = 0

  byte(...values: number[]): this {
    const from = this.#grow(values.length)
    for (const [i, value] of values.entries()) this.#bytes[from + i] = value
    return this
  }

  raw(bytes: Uint8Array): this {
    const from = this.#grow(bytes.length)
    this.#bytes.set(bytes, from)
    return this
  }

  /** @returns where the new bytes go */
  #grow(count: number): number {
    const from = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#length, this.#bytes.length * 2))
      this.#bytes.copy(larger)
      this.#bytes = larger
    }
    return from
  }

  integer(value: number): this {
    if (value === 0) return this.byte(0)
    const bytes: number[] = []
    for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
    return this.byte(bytes.length | (value < 0 ? 0x80 : 0), ...bytes)
  }

  uint16(value: number, littleEndian = false): this {
    const bytes = Buffer.alloc(2)
    if (littleEndian) bytes.writeUInt16LE(value)
    else bytes.writeUInt16BE(value)
    return this.raw(bytes)
  }

  data(value: Uint8Array | string | null): this {
    const bytes = value === null ? Buffer.alloc(0) : Buffer.from(value as Uint8Array)
    if (bytes.length <= longestShort) return this.byte(bytes.length).raw(bytes)
    this.byte(chunked)
    for (let from = 0; from < bytes.length; from += 32_767) {
      const part = bytes.subarray(from, from + 32_767)
      this.integer(part.length).raw(part)
    }
    return this.integer(0)
  }

  /** Its length twice, as descriptions have it; nothing for an empty one. */
  counted(value: string | Uint8Array | null): this {
    const bytes = Buffer.from((value ?? '') as string)
    this.integer(bytes.length)
    return bytes.length > 0 ? this.data(bytes) : this
  }

  pair(key: string, value: string, flags = 0): this {
    return this.counted(key).counted(value).integer(flags)
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}

/** Base 100, most significant first; the exponent tells the sign. https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/Data-Types.html */
export function encodeNumber(text: string): Buffer {
  const [, sign, whole = '', fraction = '', exponent = '0'] = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  if (sign === undefined) throw new Error(`${text} is no number`)
  let digits = whole + fraction
  let point = whole.length + Number(exponent)
  const leading = /^0*/.exec(digits)![0].length
  digits = digits.slice(leading).replace(/0+$/, '')
  point -= leading
  if (digits === '') return Buffer.from([0x80])
  if (((point % 2) + 2) % 2 === 1) {
    digits = `0${digits}`
    point++
  }
  if (digits.length % 2 === 1) digits += '0'
  const pairs = digits.match(/../g)!.map(Number)
  const power = point / 2 + 192
  if (sign === '') return Buffer.from([power, ...pairs.map((pair) => pair + 1)])
  return Buffer.from([power ^ 0xff, ...pairs.map((pair) => 101 - pair), ...(pairs.length < 20 ? [102] : [])])
}

export function decodeNumber(bytes: Buffer): string {
  if (bytes.length === 1 && bytes[0] === 0x80) return '0'
  const isPositive = (bytes[0]! & 0x80) !== 0
  const power = (isPositive ? bytes[0]! : bytes[0]! ^ 0xff) - 193
  const rest = bytes.subarray(1, isPositive || bytes.at(-1) !== 102 ? undefined : -1)
  const digits = [...rest].map((byte) => String(isPositive ? byte - 1 : 101 - byte).padStart(2, '0')).join('')
  const point = (power + 1) * 2
  const padded = digits.padEnd(Math.max(point, 0), '0')
  const whole = point > 0 ? padded.slice(0, point) : '0'
  const fraction = (point > 0 ? padded.slice(point) : '0'.repeat(-point) + padded).replace(/0+$/, '')
  return `${isPositive ? '' : '-'}${whole.replace(/^0+(?=\d)/, '')}${fraction ? `.${fraction}` : ''}`
}

/** IEEE 754, made so that bytes sort as numbers do. */
export function encodeReal(value: number, bytes: 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes)
  if (bytes === 8) buffer.writeDoubleBE(value)
  else buffer.writeFloatBE(value)
  if (buffer[0]! & 0x80) for (const i of buffer.keys()) buffer[i]! ^= 0xff
  else buffer[0]! |= 0x80
  return buffer
}

export function decodeReal(bytes: Buffer): number {
  const buffer = Buffer.from(bytes)
  if (buffer[0]! & 0x80) buffer[0]! &= 0x7f
  else for (const i of buffer.keys()) buffer[i]! ^= 0xff
  return buffer.length === 8 ? buffer.readDoubleBE() : buffer.readFloatBE()
}
