// Reads what the wrapper of a script prints: every line begins with its number, so that none is written down twice.
import type { JobEvent, JobLine, JobMark } from './job-runner.js'
import { harmlessLine, longestLine } from './line-text.js'

/** What the number, the time and the kind take up before a line, at most. */
export const numberRoom = 100

/** How a script ended, as its wrapper saw it. */
export interface ScriptEnd {
  /** Null: it was killed, or became another program. */
  exitCode: number | null
  /** Why the wrapper ended it. */
  reason: string | null
}

/** Of one stream of one attempt, in the order in which the lines were printed. See templates/dhuo_wrapper.py. */
export class NumberedLines {
  #startedAt = 0
  end: ScriptEnd | null = null

  constructor(private readonly stream: 'STDOUT' | 'STDERR') {}

  /** @returns null for what is said to the reader alone; a line that the wrapper did not print has no place */
  read(text: string): JobLine | JobMark | null {
    const [, started] = /^\[dhuo 0 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\]$/.exec(text) ?? []
    if (started !== undefined) {
      this.#startedAt = Date.parse(started)
      return null
    }
    const [, end] = /^\[dhuo end\] (\{.*\})$/.exec(text) ?? []
    if (end !== undefined) {
      this.end = scriptEndOf(parsed(end))
      return null
    }
    const [, number, seconds, kind, rest = ''] = /^\[dhuo ([1-9]\d{0,8}) \+(\d+\.\d{3})( mark| system)?\] (.*)$/s.exec(text) ?? []
    if (number === undefined) return { stream: this.stream, text, at: new Date().toISOString() }
    const at = new Date(this.#startedAt + Math.round(Number(seconds) * 1_000)).toISOString()
    const place = { source: 'script', number: Number(number) }
    if (kind === ' mark') return markOf(parsed(rest), at, place)
    return { stream: kind === ' system' ? 'SYSTEM' : this.stream, text: rest, at, place }
  }
}

/** What a wrapper without a way to the server put into a bucket. @throws Error for what is none */
export function readBatch(json: string): { output: (JobLine | JobMark)[]; end: ScriptEnd | null } {
  const { lines, marks, end } = JSON.parse(json)
  const output = [
    ...lines.map(
      (line: Record<string, unknown>): JobLine => ({
        stream: line['stream'] === 'STDERR' ? 'STDERR' : line['stream'] === 'SYSTEM' ? 'SYSTEM' : 'STDOUT',
        text: harmlessLine(String(line['text']), longestLine),
        at: instantOf(line['at']),
        place: { source: 'script', number: numberOf(line['number']) },
      }),
    ),
    ...marks.map((mark: Record<string, unknown>) =>
      markOf(mark, instantOf(mark['at']), { source: 'script', number: numberOf(mark['number']) }),
    ),
  ].sort((a, b) => a.place!.number - b.place!.number)
  return { output, end: end === null || end === undefined ? null : scriptEndOf(end) }
}

/** The same as events: lines together, as long as no mark stands between them. */
export function* outputEvents(output: readonly (JobLine | JobMark)[]): Generator<JobEvent> {
  let lines: JobLine[] = []
  for (const entry of output) {
    if ('stream' in entry) lines.push(entry)
    else {
      if (lines.length > 0) yield { type: 'lines', lines }
      lines = []
      yield { type: 'mark', mark: entry }
    }
  }
  if (lines.length > 0) yield { type: 'lines', lines }
}

function markOf(said: Record<string, unknown>, at: string, place: JobMark['place']): JobMark {
  const { progress, message, status } = said
  return {
    at,
    progress: typeof progress === 'number' && progress >= 0 && progress <= 1 ? progress : null,
    message: typeof message === 'string' ? harmlessLine(message, 2_000) : null,
    status: status === 'RUNNING' || status === 'SUCCEEDED' || status === 'FAILED' ? status : null,
    place,
  }
}

const scriptEndOf = ({ exit, reason }: Record<string, unknown>): ScriptEnd => ({
  exitCode: typeof exit === 'number' ? exit : null,
  reason: typeof reason === 'string' ? harmlessLine(reason, 500) : null,
})

function parsed(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) as Record<string, unknown> | null) ?? {}
  } catch {
    return {}
  }
}

const instantOf = (value: unknown): string => new Date(String(value)).toISOString()

function numberOf(value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 1) throw new Error(`${value} is no number of a line.`)
  return value as number
}
