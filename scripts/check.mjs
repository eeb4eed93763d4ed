// `npm run check`: the type check and every `check:…` script of package.json, side by side, all of them even when one fails: one run
// shows all there is to mend. `npm run check -- imports dead` runs only those.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
const checks = { types: scripts.typecheck }
for (const [name, command] of Object.entries(scripts))
  if (name.startsWith('check:')) checks[name.slice('check:'.length)] = command

/** Resolves with what the command printed, or with null when it found nothing wrong. */
const run = (command) =>
  new Promise((resolve) => {
    // In an npm script node_modules/.bin comes first in PATH, and with it the project's own Node.
    const child = spawn(command, { shell: true, env: { FORCE_COLOR: process.stdout.isTTY ? '1' : '0', ...process.env } })
    const output = []
    child.stdout.on('data', (bytes) => output.push(bytes))
    child.stderr.on('data', (bytes) => output.push(bytes))
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code) => resolve(code === 0 ? null : Buffer.concat(output).toString() || `it ended with ${code}`))
  })

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in checks))
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}.`)
  process.exit(2)
}
const chosen = Object.entries(checks).filter(([name]) => wanted.length === 0 || wanted.includes(name))
const problems = await Promise.all(
  chosen.map(async ([name, command]) => {
    const problem = await run(command)
    console.log(problem === null ? `ok      ${name}` : `FAILED  ${name}: ${command}\n${problem}`)
    return problem
  }),
)
process.exitCode = problems.some((problem) => problem !== null) ? 1 : 0
