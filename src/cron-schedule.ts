import { Cron } from 'croner'
import { badInput } from './errors.js'

/*
 * When a schedule comes: five fields of cron, in an IANA time zone. As in Vixie cron, a job at a fixed time runs once a day: one
 * whose time is skipped when clocks go forward runs right after the gap, one whose time comes twice when they go back runs the
 * first time. A job at intervals runs at every interval that passes.
 */

export interface CronSchedule {
  cron: string
  timezone: string
}

/** No seconds, and nothing that only croner knows: other systems must read it the same way. */
const fiveFields = /^[\dA-Z*/,#-]+( [\dA-Z*/,#-]+){4}$/
const example = 'for example "0 3 * * *" (every day at 3:00) or "*/15 8-18 * * MON-FRI"'

/**
 * In upper case, with single spaces.
 * @throws BAD_USER_INPUT also for what never comes, such as 31 February
 */
export function requireCron(cron: string, field: string): string {
  const text = cron.trim().replace(/\s+/g, ' ').toUpperCase()
  if (text.length > 200 || !fiveFields.test(text))
    throw badInput(field, `${field} must have five fields: minute, hour, day of month, month, day of week; ${example}.`)
  try {
    if (patternOf({ cron: text, timezone: 'UTC' }).nextRun()) return text
  } catch (error) {
    const why = String((error as Error).message).replace(/^CronPattern: /, '')
    throw badInput(field, `${field} is no cron expression (${why}); ${example}.`, error)
  }
  throw badInput(field, `${field}: "${text}" never comes.`)
}

/** As the time zone database writes it. @throws BAD_USER_INPUT */
export function requireTimezone(timezone: string, field: string): string {
  // Offsets such as "+02:00" are taken by Intl, but know no daylight saving time: whoever writes one means a place.
  if (/^[A-Za-z]/.test(timezone))
    try {
      return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone
    } catch {
      // not known: the same complaint
    }
  throw badInput(field, `${field} must be an IANA time zone, for example "UTC" or "America/Sao_Paulo"; "${timezone}" is none.`)
}

/** The first tick after this instant; null when none comes any more. */
export const tickAfter = (schedule: CronSchedule, instant: Date): string | null =>
  patternOf(schedule).nextRun(instant)?.toISOString() ?? null

/** The last tick up to this instant, this instant included; null when there was none. */
export function tickUntil(schedule: CronSchedule, instant: Date): string | null {
  const justAfter = new Date(Math.floor(instant.getTime() / 1000) * 1000 + 1000)
  return patternOf(schedule).previousRuns(1, justAfter)[0]?.toISOString() ?? null
}

const patternOf = ({ cron, timezone }: CronSchedule): Cron => new Cron(cron, { timezone, paused: true, mode: '5-part' })
