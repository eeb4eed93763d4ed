import { exitCodes } from './exit-codes.js'

type Cell = string | number | boolean | null

/** Where a command writes: results to stdout, everything else to stderr. */
export class Output {
  readonly isTerminal = process.stdout.isTTY === true
  readonly isNoteTerminal = process.stderr.isTTY === true

  constructor(
    readonly isJson: boolean,
    readonly isQuiet: boolean,
  ) {}

  /** Resolves when there is room for more. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => {
      process.stdout.write(text, () => resolve())
    })
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`)
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value, null, this.isTerminal ? 2 : undefined))
  }

  /** One object in a line: for streams. */
  jsonLine(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value))
  }

  /** For people, beside the result. */
  note(text: string): void {
    if (!this.isQuiet) process.stderr.write(`${text}\n`)
  }

  table(headers: readonly string[], rows: readonly (readonly Cell[])[]): Promise<void> {
    return this.write(tableText(headers, rows))
  }
}

/** Columns as wide as what is in them; numbers end at the right. */
export function tableText(headers: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = rows.map((row) => row.map((cell) => oneLine(cell === null ? '-' : String(cell))))
  const isNumeric = headers.map((_, column) => {
    const values = rows.map((row) => row[column]).filter((value) => value !== null)
    return values.length > 0 && values.every((value) => typeof value === 'number')
  })
  const widths = headers.map((header, column) => Math.max(header.length, ...cells.map((row) => row[column]!.length)))
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  return `${[headers.map(oneLine), ...cells].map(lineOf).join('\n')}\n`
}

/** What others wrote must not move the cursor of whoever reads it, or break a table. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')

/** A line of a log: colours stay, whatever else speaks to the terminal goes. */
export const logText = (text: string): string =>
  text.replaceAll(/\p{Cc}(\[[\d;]*m)?/gu, (found) => (found === '\t' || found.startsWith('\u001B[') ? found : ''))

export function byteText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

export function durationText(ms: number | string | null): string {
  if (ms === null) return '-'
  const seconds = Number(ms) / 1_000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Whoever reads us may stop reading, as `head` does: then we are done, and well. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: { code?: string }) => {
      if (error.code === 'EPIPE') process.exit(exitCodes.ok)
      throw error
    })
}
