#!/usr/bin/env node
// The command line: finds the command, reads its options, says what went wrong, and ends with a code that scripts can use.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Command, commonOptions, helpOf } from './command.js'
import { deployCommand } from './deploy-command.js'
import { doctorCommand } from './doctor-command.js'
import { downloadCommand } from './download-command.js'
import { exitCodes, failureOf, usageError } from './exit-codes.js'
import { loginCommand, logoutCommand } from './login-command.js'
import { logsCommand } from './logs-command.js'
import { modelsCommand } from './models-command.js'
import { endWithReader, Output } from './output.js'
import { projectsCommand } from './projects-command.js'
import { cancelCommand, retryCommand, runCommand } from './run-commands.js'
import { Session } from './session.js'
import { sqlCommand } from './sql-command.js'
import { statusCommand } from './status-command.js'
import { uploadCommand } from './upload-command.js'

const commands = new Map<string, Command>(
  [
    ...[loginCommand, logoutCommand, projectsCommand, uploadCommand, downloadCommand, sqlCommand, deployCommand, runCommand],
    ...[logsCommand, statusCommand, cancelCommand, retryCommand, modelsCommand, doctorCommand],
  ].map((command) => [command.usage.split(' ', 1)[0]!, command]),
)

const overview = `dhuo COMMAND …

${[...commands].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`).join('\n')}

  dhuo COMMAND --help   what a command takes
  dhuo --version

Without a login: DHUO_URL, DHUO_ACCESS_KEY and DHUO_PROJECT say where, who and for what.
`

async function main(given: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = given
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) return print(overview)
  if (name === '--version') {
    const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
    return print(`${(JSON.parse(text) as { version: string }).version}\n`)
  }
  const command = commands.get(name === 'help' ? rest[0]! : name)
  if (!command) throw usageError(`There is no command "${name === 'help' ? rest[0] : name}".`, 'dhuo --help lists them.')
  if (name === 'help') return print(helpOf(command))
  const { values, positionals } = argumentsOf(command, rest)
  if (values['help']) return print(helpOf(command))
  const [least, most] = command.takes
  if (positionals.length < least || positionals.length > most)
    throw usageError(`dhuo ${command.usage}: ${positionals.length} arguments were given.`, `dhuo ${name} --help`)
  const output = new Output(values['json'] === true, values['quiet'] === true)
  const session = new Session(values, process.env, output, interruption())
  try {
    return await command.run(session, { values, positionals })
  } finally {
    session.close()
  }
}

function argumentsOf(command: Command, args: string[]) {
  try {
    return parseArgs({ args, options: { ...command.options, ...commonOptions }, allowPositionals: true })
  } catch (error) {
    throw usageError((error as Error).message, `dhuo ${command.usage.split(' ', 1)[0]} --help`)
  }
}

async function print(text: string): Promise<number> {
  process.stdout.write(text)
  return exitCodes.ok
}

/** Aborts at the first Ctrl-C; the second ends the process, whatever it is doing. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCodes.interrupted)
      controller.abort(new Error('Interrupted.'))
      isInterrupted = true
    })
  return controller.signal
}
let isInterrupted = false

endWithReader()
const args = process.argv.slice(2)
const exitCode = await main(args).catch((error: unknown) => {
  const failure = failureOf(error)
  if (isInterrupted) {
    process.stderr.write('Interrupted.\n')
    return exitCodes.interrupted
  }
  const { code, message, hint, field, details } = failure
  if (args.includes('--json')) process.stderr.write(`${JSON.stringify({ error: { code, message, field, details, hint } })}\n`)
  else process.stderr.write(`dhuo: ${message}\n${hint ? `      ${hint}\n` : ''}`)
  return failure.exitCode
})
// What is written to a pipe may still be on its way; connections that are kept for later must not hold the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
