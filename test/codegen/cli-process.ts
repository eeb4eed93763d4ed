import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Cli {
  /** Runs it to its end. */
  (args: readonly string[], options?: { input?: string | Uint8Array; env?: Record<string, string> }): Promise<Ended>
  /** Starts it. */
  start(args: readonly string[], env?: Record<string, string>): ChildProcess
  /** Runs it on a terminal: [what it must have shown, what is typed then] … @returns all that was on the terminal */
  onTerminal(args: readonly string[], script: readonly [string, string][], env?: Record<string, string>): Promise<Ended>
  /** The same with a script of bash. */
  scriptOnTerminal(file: string, script: readonly [string, string][]): Promise<Ended>
}

/** The command line as somebody has installed it. @param env besides PATH and HOME */
export function cliIn(installed: string, cwd: string, env: Record<string, string>): Cli {
  const program = join(installed, 'node_modules', 'dhuo-client', 'dist', 'cli', 'dhuo.js')
  const options = (more: Record<string, string>) => ({
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env, ...more },
  })
  const start: Cli['start'] = (args, more = {}) => spawn(process.execPath, [program, ...args], options(more))
  const ended = async (child: ChildProcess): Promise<Ended> => {
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
    return { code: code as number | null, stdout, stderr }
  }
  const run = async (
    args: readonly string[],
    { input, env: more = {} }: { input?: string | Uint8Array; env?: Record<string, string> } = {},
  ) => {
    const child = start(args, more)
    child.stdin!.end(input ?? '')
    return ended(child)
  }
  const onTerminal = async (
    command: readonly string[],
    script: readonly [string, string][],
    more: Record<string, string> = {},
  ) => {
    const child = spawn('python3', [join(import.meta.dirname, 'terminal.py'), ...command], options(more))
    child.stdin.end(JSON.stringify(script))
    const { stdout, stderr } = await ended(child)
    const code = /exit (-?\d+)\n$/.exec(stdout)?.[1]
    if (code === undefined) throw new Error(`the terminal failed: ${stderr}`)
    return { code: Number(code), stdout, stderr }
  }
  return Object.assign(run, {
    start,
    onTerminal: (args: readonly string[], script: readonly [string, string][], more?: Record<string, string>) =>
      onTerminal([process.execPath, program, ...args], script, more),
    scriptOnTerminal: (file: string, script: readonly [string, string][]) => onTerminal(['bash', file], script),
  })
}
