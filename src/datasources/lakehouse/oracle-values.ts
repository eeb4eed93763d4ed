// What the driver gives for a column's values, as the port has them.
import type { Value } from './lakehouse.js'

/** The driver leaves out the 0 before the point. */
const withZero = (digits: string): string => digits.replace(/^(-?)\./, '$10.')

/** Digits as written; those of a scale include its zeros. @param scale null where the column has none */
export function decimalText(digits: string, scale: number | null): string {
  const text = withZero(digits)
  if (scale === null || scale <= 0 || /e/i.test(text)) return text
  const [whole, fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(scale, '0')}`
}

/** A number where a double holds it exactly as it is written, else the text. */
export function numberOrText(text: string): number | string {
  if (!text.includes('.')) return Number.isSafeInteger(Number(text)) ? Number(text) : text
  const digits = text.replace(/^-?[0.]*|\./g, '')
  return digits.length <= 15 ? Number(text) : text
}

export const finiteOrText = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

/**
 * @param text as `TO_CHAR` writes it with `timestampFormat`: the year with a sign, before Christ without a year 0
 * @returns ISO 8601 in UTC; years before 0 as ISO counts them, one less
 */
export function isoTimestamp(text: string): string {
  const [, sign, digits, rest, fraction = ''] = /^\s*(-?)(\d+)(-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?$/.exec(text) ?? []
  if (digits === undefined) return text
  const year = sign === '-' ? 1 - Number(digits) : Number(digits)
  const shown = year < 0 ? `-${String(-year).padStart(6, '0')}` : String(year).padStart(4, '0')
  const nanos = fraction.padEnd(9, '0')
  const kept = nanos.endsWith('000000') ? nanos.slice(0, 3) : nanos.endsWith('000') ? nanos.slice(0, 6) : nanos
  return `${shown}${rest}.${kept}Z`
}
export const timestampFormat = 'SYYYY-MM-DD"T"HH24:MI:SS.FF9'
/** DATE has no fractions of a second. */
export const dateFormat = 'SYYYY-MM-DD"T"HH24:MI:SS'

const two = (number: number): string => String(Math.abs(number)).padStart(2, '0')

/** As `TO_YMINTERVAL` reads it. */
export function yearMonthText({ years, months }: { years: number; months: number }): string {
  return `${years < 0 || months < 0 ? '-' : ''}${Math.abs(years)}-${two(months)}`
}

/** As `TO_DSINTERVAL` reads it. @param interval with nanoseconds in `fseconds` */
export function dayTimeText(interval: {
  days: number
  hours: number
  minutes: number
  seconds: number
  fseconds: number
}): string {
  const { days, hours, minutes, seconds, fseconds } = interval
  const isNegative = [days, hours, minutes, seconds, fseconds].some((part) => part < 0)
  const fraction = fseconds === 0 ? '' : `.${String(Math.abs(fseconds)).padStart(9, '0').replace(/000$/, '').replace(/000$/, '')}`
  return `${isNegative ? '-' : ''}${Math.abs(days)} ${two(hours)}:${two(minutes)}:${two(seconds)}${fraction}`
}

interface Sparse {
  numDimensions: number
  indices: Iterable<number>
  values: Iterable<number>
}

/** A dense vector as its numbers; a sparse one as its parts. */
export function vectorValue(vector: Iterable<number> | Sparse): Value {
  const numbers = (list: Iterable<number>): Value[] => Array.from(list, finiteOrText)
  if (!('numDimensions' in vector)) return numbers(vector)
  const { numDimensions, indices, values } = vector
  return { numDimensions, indices: numbers(indices), values: numbers(values) }
}
