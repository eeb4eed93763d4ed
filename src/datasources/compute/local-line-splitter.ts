// Cuts the bytes that a script writes into lines that are harmless to show and to store, each of a bounded length.
import { StringDecoder } from 'node:string_decoder'

/** Colours and cursor movements of terminals, titles of their windows. https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const terminalSequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const anyControl = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/

/** How often a progress bar, which overwrites its line with `\r`, is handed out while it moves. */
const progressEveryMs = 1_000

/**
 * Lines of one stream. Bytes that are not UTF-8 become U+FFFD, control characters their pictures (U+2400 …), sequences for terminals
 * go. A lone `\r` begins the line anew, as on a terminal: what stood before is handed out once a second, and the last of it always.
 * A line that has no end yet waits for it: what is handed out cannot be continued.
 */
export class LineSplitter {
  readonly #maxLength: number
  readonly #decoder = new StringDecoder('utf8')
  /** The line that has no end yet. */
  #begun = ''
  /** The bound was reached: nothing counts until the line ends. */
  #skipping = false
  #progressAt = 0

  /** @param maxLength characters (UTF-16 units) of one line, without the mark of the cut */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
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
    if (!skipped) this.#add(lastOverwritten(whole), lines)
  }

  #begin(begun: string, lines: string[]): void {
    // A `\r` at the very end may belong to the `\n` that comes.
    const overwritten = begun.lastIndexOf('\r', begun.length - 2)
    const rest = begun.slice(overwritten + 1)
    if (overwritten !== -1 && Date.now() - this.#progressAt >= progressEveryMs) {
      this.#progressAt = Date.now()
      const shown = lastOverwritten(begun.slice(0, overwritten))
      if (shown !== '') this.#add(shown, lines)
    }
    this.#skipping = rest.length > this.#maxLength
    if (this.#skipping) this.#add(rest, lines)
    this.#begun = this.#skipping ? '' : rest
  }

  #add(line: string, lines: string[]): void {
    let shown = line
    if (shown.length > this.#maxLength) {
      // Half of a surrogate pair is no Unicode.
      const end = /[\ud800-\udbff]/.test(shown[this.#maxLength - 1]!) ? this.#maxLength - 1 : this.#maxLength
      shown = `${shown.slice(0, end)} … [cut: the line is longer than ${this.#maxLength} characters]`
    }
    lines.push(anyControl.test(shown) ? harmless(shown) : shown)
  }
}

/** What a terminal would show of `10 %\r20 %\r`: the last that is not empty. */
function lastOverwritten(line: string): string {
  if (!line.includes('\r')) return line
  const end = line.replace(/\r+$/, '')
  return end.slice(end.lastIndexOf('\r') + 1)
}

const harmless = (line: string): string =>
  line
    .replace(terminalSequences, '')
    .replace(controls, (control) =>
      control < ' ' ? String.fromCharCode(0x2400 + control.charCodeAt(0)) : control === '\x7f' ? '␡' : '\ufffd',
    )
