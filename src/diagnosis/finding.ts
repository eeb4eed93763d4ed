import { setTimeout as sleep } from 'node:timers/promises'
import { isDhuoError } from '../errors.js'

/** What the doctor found at one look at one thing. */
export interface Finding {
  /** What was looked at, in a few words: `PUBLISH and SUBSCRIBE`. */
  check: string
  /** `warn`: it works, and may stop working or surprise. `fail`: what needs it does not work. */
  level: 'ok' | 'warn' | 'fail'
  /** What was found. */
  said: string
  /** The setting, command or policy that mends it; several lines where it takes several. Null where nothing needs mending. */
  remedy: string | null
}

/**
 * Looks at one backend as the server would use it, and leaves nothing behind. It opens what it needs by itself: to open the
 * adapter may make directories and tables. What makes no sense after a fault is left out.
 * @param signal aborts when its time is up
 */
export type Diagnosis = (signal: AbortSignal) => AsyncIterable<Finding>

export const ok = (check: string, said: string): Finding => ({ check, level: 'ok', said, remedy: null })
export const warn = (check: string, said: string, remedy: string): Finding => ({ check, level: 'warn', said, remedy })
export const fail = (check: string, said: string, remedy: string): Finding => ({ check, level: 'fail', said, remedy })

/** Of one look, unless it says otherwise. */
const lookMs = 10_000

/**
 * One look, within its time. That it throws, or takes too long, is a finding as well.
 * @param work what was found when nothing is wrong, or a finding of its own
 * @param mend what mends it, given what was thrown; of a look that took too long that is a `Silence`
 */
export async function look(
  check: string,
  work: () => Promise<string | Finding>,
  mend: (error: unknown) => string,
  withinMs = lookMs,
): Promise<Finding> {
  try {
    const found = await within(withinMs, work())
    return typeof found === 'string' ? ok(check, found) : found
  } catch (error) {
    return fail(check, wordsOf(error), mend(error))
  }
}

/** Nothing was heard in time. */
class Silence extends Error {
  override readonly name = 'Silence'
  constructor(ms: number) {
    super(`There was no answer within ${ms / 1000} s.`)
  }
}

/** What is waited for may go on: libraries do not always let themselves be stopped. @throws Silence */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const done = new AbortController()
  const silence = sleep(ms, undefined, { signal: done.signal }).then(() => {
    throw new Silence(ms)
  })
  try {
    return await Promise.race([work, silence])
  } finally {
    done.abort()
    silence.catch(() => {})
  }
}

/** For people who run the server: the vendor's own words, and below them what the system said. */
export function wordsOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { message = '', code, cause } = error as { message?: unknown; code?: unknown; cause?: unknown }
  const words = String(message).trim() || String(code ?? 'It failed and did not say why.')
  const more = cause === undefined ? '' : wordsOf(cause)
  const isNew = more !== '' && !words.includes(more.replace(/\.$/, ''))
  return isNew && (isDhuoError(error) || words === 'fetch failed') ? `${words} (${more})` : words
}
