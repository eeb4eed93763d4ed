// Cuts the bytes that a script writes into lines that are harmless to show and to store, each of a bounded length.
import { StringDecoder } from 'node:string_decoder'
import { harmlessLine } from './line-text.js'

/**
 * Lines of one stream. Bytes that are not UTF-8 become U+FFFD, control characters their pictures (U+2400 …), sequences for terminals
 * go. A lone `\r` begins the line anew, as on a terminal: what stood before is handed out once a second, and the last of it always.
 * A line that has no end yet waits for it: what is handed out cannot be continued.
 */
export class LineSplitter {
  readonly #maxLength: number
  readonly #progressEveryMs: number
  readonly #decoder = new StringDecoder('utf8')
  /** The line that has no end yet. */
  #begun = ''
  /** The bound was reached: nothing counts until the line ends. */
  #skipping = false
  #progressAt = 0

  /**
   * @param maxLength characters (UTF-16 units) of one line, without the mark of the cut
   * @param progressEveryMs how often a progress bar, which overwrites its line with `\r`, is handed out while it moves
   */
  constructor(maxLength: number, progressEveryMs = 1_000) {
    this.#maxLength = maxLength
    this.#progressEveryMs = progressEveryMs
  }

  push(chunk: Buffer): string[] {
    const text = this.#decoder.write(chunk)
    const lines: string[] = []
    let from = 0
    for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
      this.#end(from === 0 ? this.#begun + text.slice(0, to) : text.slice(from, to), lines)
      from = to + 1
    }
    if (from < text.length && !this.#skipping) this.#begin(this.#begun + text.slice(from), lines)
    return lines
  }

  /** What stands at the end without a line's end. */
  end(): string[] {
    const lines: string[] = []
    const rest = this.#begun + (this.#skipping ? '' : this.#decoder.end())
    if (rest !== '') this.#end(rest, lines)
    return lines
  }

  #end(whole: string, lines: string[]): void {
    this.#begun = ''
    const skipped = this.#skipping
    this.#skipping = false
    if (!skipped) lines.push(harmlessLine(lastOverwritten(whole), this.#maxLength))
  }

  #begin(begun: string, lines: string[]): void {
    // A `\r` at the very end may belong to the `\n` that comes.
    const overwritten = begun.lastIndexOf('\r', begun.length - 2)
    const rest = begun.slice(overwritten + 1)
    if (overwritten !== -1 && Date.now() - this.#progressAt >= this.#progressEveryMs) {
      this.#progressAt = Date.now()
      const shown = lastOverwritten(begun.slice(0, overwritten))
      if (shown !== '') lines.push(harmlessLine(shown, this.#maxLength))
    }
    this.#skipping = rest.length > this.#maxLength
    if (this.#skipping) lines.push(harmlessLine(rest, this.#maxLength))
    this.#begun = this.#skipping ? '' : rest
  }
}

/** What a terminal would show of `10 %\r20 %\r`: the last that is not empty. */
function lastOverwritten(line: string): string {
  if (!line.includes('\r')) return line
  const end = line.replace(/\r+$/, '')
  return end.slice(end.lastIndexOf('\r') + 1)
}
