import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What the package and its tests are imported from. */
export const pythonPackage = join(import.meta.dirname, '..', '..', 'codegen', 'python')

export interface PythonOptions {
  /** Without it, what is on the PATH. */
  python?: string
  environment?: Record<string, string>
  /** Where `import` looks first; null where the package is installed. */
  path?: string | null
}

export interface PythonProcess {
  process: ChildProcessWithoutNullStreams
  /** What was written so far. */
  out(): string
  err(): string
  /** Resolves when the output so far has it, rejects when the process ends without. */
  printed(text: string | RegExp): Promise<void>
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>
}

/** Starts Python with the package and the arguments. The caller awaits its end. */
export function startPython(args: readonly string[], options: PythonOptions = {}): PythonProcess {
  const { python = 'python3', environment = {}, path = pythonPackage } = options
  const child = spawn(python, args, {
    env: {
      ...process.env,
      ...(path !== null && { PYTHONPATH: path }),
      // Nothing is written beside the sources, and nothing of a neighbour's session is read.
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUNBUFFERED: '1',
      ...environment,
    },
  })
  child.stdin.end()
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  const has = (text: string | RegExp) => (typeof text === 'string' ? out.includes(text) : text.test(out))
  return {
    process: child,
    out: () => out,
    err: () => err,
    ended,
    async printed(text) {
      while (!has(text)) {
        const more = once(child.stdout, 'data')
        if ((await Promise.race([more.then(() => null), ended])) === null || has(text)) continue
        throw new Error(`it ended without printing ${text}:\n${out}\n${err}`)
      }
    },
  }
}

/** Runs a script to its end. @returns what it printed @throws when it fails, with what it says */
export async function runPython(script: string, options: PythonOptions = {}, args: readonly string[] = []): Promise<string> {
  const running = startPython(['-c', script, ...args], options)
  const code = await running.ended
  if (code !== 0) throw new Error(`Python ended with ${code}:\n${running.out()}\n${running.err()}`)
  return running.out()
}
