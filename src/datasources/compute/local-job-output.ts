// Holds what a job has written until it is handed out, within bounds: a slow reader stops the script's pipe, not the server.
import type { Readable } from 'node:stream'
import type { JobLine, JobMark } from './job-runner.js'
import { LineSplitter } from './line-splitter.js'
import { NumberedLines, numberRoom } from './numbered-lines.js'

export interface OutputBounds {
  /** Characters of one line. */
  lineLength: number
  /** Lines of one job. */
  lines: number
  /** Characters of one job. */
  characters: number
}

/** At this many characters that nobody has taken yet, the pipes are not read any more. */
const highMark = 1024 * 1024
/** What a line costs besides its characters. */
const lineOverhead = 64

export class JobOutput {
  readonly #bounds: OutputBounds
  readonly #notify: () => void
  readonly #isNumbered: boolean
  #waiting: (JobLine | JobMark)[] = []
  #waitingSize = 0
  #lines = 0
  #characters = 0
  #dropping = false
  #held = false
  #finishing = false
  readonly #sources = new Set<Readable>()
  /** The last line of standard error that says something: what a script died of. */
  lastError: string | null = null

  /**
   * @param isNumbered the script runs under the wrapper, which numbers its lines
   * @param notify called when there is something new to take
   */
  constructor(bounds: OutputBounds, isNumbered: boolean, notify: () => void) {
    this.#bounds = bounds
    this.#isNumbered = isNumbered
    this.#notify = notify
  }

  /** Reads a pipe to its end. @returns resolves at the end, or when the pipe was destroyed */
  read(source: Readable, stream: 'STDOUT' | 'STDERR'): Promise<void> {
    const splitter = new LineSplitter(this.#bounds.lineLength + (this.#isNumbered ? numberRoom : 0))
    const numbers = this.#isNumbered ? new NumberedLines(stream) : null
    this.#sources.add(source)
    return new Promise((resolve) => {
      source.on('data', (chunk: Buffer) => {
        if (this.#dropping) return
        this.#add(stream, splitter.push(chunk), numbers)
        if (!this.#finishing && this.#waitingSize > highMark) this.#hold()
      })
      source.on('error', () => {})
      source.once('close', () => {
        this.#sources.delete(source)
        this.#add(stream, splitter.end(), numbers)
        resolve()
      })
    })
  }

  /** What is here and was not taken, in characters. */
  get size(): number {
    return this.#waitingSize
  }

  /** From now on all is read: nobody writes any more, and what is left in the pipes is little. */
  finish(): void {
    this.#finishing = true
    this.#resume()
  }

  /** Lets go of pipes that somebody still holds open. */
  abandon(): void {
    for (const source of this.#sources) source.destroy()
  }

  say(text: string): void {
    this.#push({ stream: 'SYSTEM', text, at: new Date().toISOString() })
    this.#notify()
  }

  /** The oldest lines and marks, which are then forgotten here. */
  take(limit: number): (JobLine | JobMark)[] {
    const output = this.#waiting.splice(0, limit)
    for (const entry of output) this.#waitingSize -= sizeOf(entry)
    if (this.#held && this.#waitingSize < highMark / 2) this.#resume()
    return output
  }

  #hold(): void {
    this.#held = true
    for (const source of this.#sources) source.pause()
  }

  #resume(): void {
    this.#held = false
    for (const source of this.#sources) source.resume()
  }

  #add(stream: 'STDOUT' | 'STDERR', texts: string[], numbers: NumberedLines | null): void {
    if (texts.length === 0 || this.#dropping) return
    const at = new Date().toISOString()
    for (const text of texts) {
      const entry = numbers === null ? { stream, text, at } : numbers.read(text)
      if (entry === null) continue
      this.#lines += 1
      this.#characters += text.length
      if (this.#lines > this.#bounds.lines || this.#characters > this.#bounds.characters) {
        this.#dropping = true
        this.#push({ stream: 'SYSTEM', text: `Further output is dropped: ${this.#bound()}.`, at })
        break
      }
      this.#push(entry)
      if ('stream' in entry && stream === 'STDERR' && entry.text.trim() !== '') this.lastError = entry.text
    }
    this.#notify()
  }

  #bound(): string {
    const { lines, characters } = this.#bounds
    return `a job keeps ${lines.toLocaleString('en')} lines, of ${characters.toLocaleString('en')} characters together`
  }

  #push(entry: JobLine | JobMark): void {
    this.#waiting.push(entry)
    this.#waitingSize += sizeOf(entry)
  }
}

const sizeOf = (entry: JobLine | JobMark): number => ('stream' in entry ? entry.text.length : 0) + lineOverhead
