// What the demo shows: plain lines, and on a terminal colours and one moving line at the bottom that says what is under way.
import { stripVTControlCharacters } from 'node:util'

const out = process.stdout
const isLive = Boolean(out.isTTY) && process.env['TERM'] !== 'dumb'
const hasColours = isLive && !process.env['NO_COLOR']
const colour = (code) => (text) => (hasColours ? `\x1b[${code}m${text}\x1b[0m` : text)
const [bold, dim, red, green, cyan] = [1, 2, 31, 32, 36].map(colour)

const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const statusColours = { SUCCEEDED: green, FAILED: red, CANCELED: red, RUNNING: cyan }
let underWay = null
let frame = 0
let timer = null

const clear = () => isLive && out.write('\r\x1b[K')

function print(line) {
  clear()
  out.write(`${line}\n`)
  draw()
}

function draw() {
  if (!isLive || underWay === null) return
  const { text, progress, since } = underWay
  const bar = progress === null ? '' : ` ${'━'.repeat(Math.round(progress * 20)).padEnd(20, '╌')} ${Math.round(progress * 100)} %`
  const line = ` ${frames[frame % frames.length]} ${text}${bar}  ${seconds(since)}`
  clear()
  out.write(line.slice(0, (out.columns ?? 80) - 1))
}

function turn() {
  frame++
  draw()
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

/** Says at the bottom what is under way; null: nothing is. On no terminal, it says nothing. */
function show(text, progress = null) {
  const isSame = text !== null && underWay?.text === text
  underWay = text === null ? null : { text, progress, since: isSame ? underWay.since : performance.now() }
  if (isLive && underWay && !timer) timer = setInterval(turn, 100).unref()
  if (underWay === null) {
    clearInterval(timer)
    timer = null
    clear()
  } else draw()
}

export const display = {
  show,
  heading: (text) => print(`\n${bold(text)}`),
  line: print,
  /** A block of text as it is. */
  block: (text) => print(text.replace(/^/gm, '    ')),
  done: (name, said) => print(`${green('✓')} ${name.padEnd(10)} ${said}`),
  failed: (text) => print(`${red('✗')} ${text}`),
  /** Does something, and says afterwards what it has done. */
  async task(name, work) {
    show(name)
    const since = performance.now()
    try {
      const { said, value } = await work()
      display.done(name, `${said} ${dim(`(${seconds(since)})`)}`)
      return value
    } finally {
      show(null)
    }
  },
  /** One line of what a step of a pipeline does; text of scripts must not move the cursor. */
  step: (since, name, text) => print(`  ${dim(seconds(since).padStart(7))}  ${(name ?? '').padEnd(12)} ${text}`),
  log: (text, stream) => `${dim('│')} ${(stream === 'STDERR' ? red : dim)(stripVTControlCharacters(text))}`,
  status: (status) => (statusColours[status] ?? dim)(status),
}
