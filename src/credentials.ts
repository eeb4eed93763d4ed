import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const deriveNow = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt)

// OWASP's floor for scrypt: 32 MiB, about 0.1 s. https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
let cost = { N: 2 ** 15, r: 8, p: 3 }
const keyLength = 32

/** For the hashes that this process makes from now on: N is 2 to this power. One more is twice the time and memory. */
export function setPasswordCost(power: number): void {
  cost = { ...cost, N: 2 ** power }
}

/** scrypt's own need, and some room. */
const memoryFor = ({ N, r }: { N: number; r: number }): number => 2 * 128 * N * r

// Each holds a thread of libuv's pool, where files are read too: a crowd that logs in must not stop the server.
const mostAtOnce = 4
let running = 0
const waiting: (() => void)[] = []

const derive: typeof deriveNow = async (...input) => {
  if (running < mostAtOnce) running++
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    return await deriveNow(...input)
  } finally {
    const next = waiting.shift()
    // The turn is handed on, not given back.
    if (next) next()
    else running--
  }
}

/** `scrypt$N$r$p$salt$key`: the cost stands in the hash, so that it can be raised without locking anybody out. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password.normalize('NFKC'), salt, keyLength, { ...cost, maxmem: memoryFor(cost) })
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Takes as long for somebody who does not exist (`hash` null) as for a wrong password. */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const [, N, r, p, salt, key] = (hash ?? absentHash()).split('$')
  const expected = Buffer.from(key!, 'base64url')
  const spent = { N: Number(N), r: Number(r), p: Number(p) }
  const options = { ...spent, maxmem: memoryFor(spent) }
  const actual = await derive(password.normalize('NFKC'), Buffer.from(salt!, 'base64url'), expected.length, options)
  return timingSafeEqual(actual, expected) && hash !== null
}

/** What no password fits: nobody knows what its key was derived from. */
const absentHash = (): string =>
  ['scrypt', cost.N, cost.r, cost.p, randomBytes(16).toString('base64url'), randomBytes(keyLength).toString('base64url')].join(
    '$',
  )

/** Characters. */
export const longestPassword = 1_024

/** As accounts are found by it: trimmed, lower case; null when it is no email address. */
export function canonicalEmail(email: string): string | null {
  const address = email.trim().normalize('NFC').toLowerCase()
  return address.length <= 254 && address.isWellFormed() && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(address) ? address : null
}

export const sessionTokenPrefix = 'dhuo_session_'
export const accessKeyPrefix = 'dhuo_key_'

/** 256 random bits behind a prefix that secret scanners and people recognise. */
export const newSecret = (prefix: string): string => prefix + randomBytes(32).toString('base64url')

/** For secrets of 256 random bits, which need no salt and no slow hash. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** Easy to type, 96 bits: for the first administrator. */
export const newOneTimePassword = (): string => randomBytes(12).toString('base64url')
