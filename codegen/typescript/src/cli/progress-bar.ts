import type { Progress } from '../transfer.js'
import { byteText, type Output } from './output.js'

const width = 24
const everyMs = 100

/** One line on a terminal that is written over; nothing anywhere else. */
export class ProgressBar {
  readonly #began = performance.now()
  #shownAt = 0
  #isShown = false

  constructor(
    private readonly output: Output,
    private readonly name: string,
  ) {}

  readonly show = ({ bytes, total }: Progress): void => {
    if (!this.output.isNoteTerminal || this.output.isQuiet) return
    const now = performance.now()
    if (now - this.#shownAt < everyMs && bytes !== total) return
    this.#shownAt = now
    this.#isShown = true
    const rate = `${byteText(Math.round((bytes / Math.max(now - this.#began, 1)) * 1_000))}/s`
    const share = total === null ? null : total === 0 ? 1 : bytes / total
    const done = Math.round((share ?? 0) * width)
    const bar =
      share === null ? '' : `[${'#'.repeat(done)}${'.'.repeat(width - done)}] ${String(Math.floor(share * 100)).padStart(3)} %  `
    const of = total === null ? '' : ` of ${byteText(total)}`
    process.stderr.write(`\r\u001B[K${this.name}  ${bar}${byteText(bytes)}${of}, ${rate}`)
  }

  /** Takes it away. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001B[K')
  }
}
