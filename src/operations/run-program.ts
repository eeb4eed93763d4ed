// Runs a program to its end, within a time, and says what it printed.
import { spawn } from 'node:child_process'

export interface ProgramRun {
  file: string
  arguments: readonly string[]
  environment: Readonly<Record<string, string>>
  directory: string
  timeoutMs: number
  /** Kills it. */
  signal: AbortSignal
}

export interface ProgramEnd {
  /** Null when it was killed, or did not start. */
  code: number | null
  /** Its last 64 KiB each. */
  stdout: string
  stderr: string
  /** Why there is no code. */
  stopped: 'TIMEOUT' | 'ABORTED' | 'NOT_STARTED' | 'KILLED' | null
}

const keptBytes = 64 * 1024

/** Never fails. The program has a process group of its own, so that nothing that it started outlives it. */
export function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    let stopped: ProgramEnd['stopped'] = null
    const child = spawn(run.file, run.arguments, {
      cwd: run.directory,
      env: run.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const stop = (why: 'TIMEOUT' | 'ABORTED'): void => {
      stopped ??= why
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // ended by itself a moment ago, or never started
      }
    }
    const onAbort = (): void => stop('ABORTED')
    const timer = setTimeout(() => stop('TIMEOUT'), run.timeoutMs)
    run.signal.addEventListener('abort', onAbort)
    const stdout = tailOf(child.stdout)
    const stderr = tailOf(child.stderr)
    const end = (code: number | null): void => {
      clearTimeout(timer)
      run.signal.removeEventListener('abort', onAbort)
      resolve({ code, stdout: stdout(), stderr: stderr(), stopped: code === null ? (stopped ?? 'KILLED') : null })
    }
    child.once('error', () => {
      stopped ??= 'NOT_STARTED'
      if (child.pid === undefined) end(null)
    })
    child.once('close', end)
    if (run.signal.aborted) onAbort()
  })
}

function tailOf(stream: NodeJS.ReadableStream): () => string {
  let kept = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-keptBytes)
  })
  return () => kept.toString()
}
