// Holds what a job has written until it is handed out, within bounds: a slow reader stops the script's pipe, not the server.
import type { Readable } from 'node:stream'
import type { JobLine } from './job-runner.js'
import { LineSplitter } from './local-line-splitter.js'

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
  #waiting: JobLine[] = []
  #waitingSize = 0
  #lines = 0
  #characters = 0
  #dropping = false
  #held = false
  #finishing = false
  readonly #sources = new Set<Readable>()
  /** The last line of standard error that says something: what a script died of. */
  lastError: string | null = null

  /** @param notify called when there is something new to take */
  constructor(bounds: OutputBounds, notify: () => void) {
    this.#bounds = bounds
    this.#notify = notify
  }

  /** Reads a pipe to its end. @returns resolves at the end, or when the pipe was destroyed */
  read(source: Readable, stream: 'STDOUT' | 'STDERR'): Promise<void> {
    const splitter = new LineSplitter(this.#bounds.lineLength)
    this.#sources.add(source)
    return new Promise((resolve) => {
      source.on('data', (chunk: Buffer) => {
        if (this.#dropping) return
        this.#add(stream, splitter.push(chunk))
        if (!this.#finishing && this.#waitingSize > highMark) this.#hold()
      })
      source.on('error', () => {})
      source.once('close', () => {
        this.#sources.delete(source)
        this.#add(stream, splitter.end())
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

  /** The oldest lines, which are then forgotten here. */
  take(limit: number): JobLine[] {
    const lines = this.#waiting.splice(0, limit)
    for (const line of lines) this.#waitingSize -= line.text.length + lineOverhead
    if (this.#held && this.#waitingSize < highMark / 2) this.#resume()
    return lines
  }

  #hold(): void {
    this.#held = true
    for (const source of this.#sources) source.pause()
  }

  #resume(): void {
    this.#held = false
    for (const source of this.#sources) source.resume()
  }

  #add(stream: 'STDOUT' | 'STDERR', texts: string[]): void {
    if (texts.length === 0 || this.#dropping) return
    const at = new Date().toISOString()
    for (const text of texts) {
      this.#lines += 1
      this.#characters += text.length
      if (this.#lines > this.#bounds.lines || this.#characters > this.#bounds.characters) {
        this.#dropping = true
        this.#push({ stream: 'SYSTEM', text: `Further output is dropped: ${this.#bound()}.`, at })
        break
      }
      this.#push({ stream, text, at })
      if (stream === 'STDERR' && text.trim() !== '') this.lastError = text
    }
    this.#notify()
  }

  #bound(): string {
    const { lines, characters } = this.#bounds
    return `a job keeps ${lines.toLocaleString('en')} lines, of ${characters.toLocaleString('en')} characters together`
  }

  #push(line: JobLine): void {
    this.#waiting.push(line)
    this.#waitingSize += line.text.length + lineOverhead
  }
}
