// A container of the double's OCI Functions: a process that serves calls over a Unix socket, as the FDK has it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ContainerSettings {
  /** What the image has in /function. */
  directory: string
  /** Where Python finds `fdk`. */
  fdk: string
  environment: Record<string, string>
}

export interface ContainerAnswer {
  status: number
  body: Buffer
}

const startMs = 10_000
/** What stands on the PATH may be a script that looks for Python first, each time. */
let python: string | undefined

/** https://github.com/fnproject/docs/blob/master/fn/develop/fdk-contract.md and Oracle's FDK for Python */
export class FunctionContainer {
  #process: ChildProcess
  #output = ''
  readonly gone: Promise<void>
  /** When its files are gone too. */
  readonly removed: Promise<void>

  private constructor(
    { directory, fdk, environment }: ContainerSettings,
    private readonly place: string,
  ) {
    const program = 'import sys; sys.argv[0] = "fdk"; from fdk.scripts.fdk import main; main()'
    python ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
    this.#process = spawn(python, ['-c', program, join(directory, 'func.py'), 'handler'], {
      cwd: this.place,
      env: {
        PATH: process.env['PATH'],
        HOME: place,
        TMPDIR: join(place, 'tmp'),
        PYTHONPATH: fdk,
        // What an image has is read-only.
        PYTHONDONTWRITEBYTECODE: '1',
        FN_FORMAT: 'http-stream',
        FN_LISTENER: `unix:${this.#socket}`,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream!.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-10_000)
      })
    this.gone = new Promise((resolve) => this.#process.once('close', () => resolve()))
    this.removed = this.gone.then(() => rm(place, { recursive: true, force: true, maxRetries: 5 }))
  }

  /** @param isWanted whether anybody still waits for it */
  static async start(settings: ContainerSettings, isWanted: () => boolean): Promise<FunctionContainer> {
    const place = await mkdtemp(join(tmpdir(), 'fn-'))
    await mkdir(join(place, 'tmp'))
    const container = new FunctionContainer(settings, place)
    for (const until = Date.now() + startMs; !existsSync(container.#socket); await sleep(5)) {
      if (container.lives && Date.now() < until && isWanted()) continue
      container.kill()
      throw new Error(`The container did not start: ${container.#output}`)
    }
    return container
  }

  get lives(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** What it printed last: the logs of the function. */
  get output(): string {
    return this.#output
  }

  /** @throws when the process ends before it has answered */
  async call(body: Buffer, headers: Record<string, string>): Promise<ContainerAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        socketPath: this.#socket,
        method: 'POST',
        path: '/call',
        headers: { ...headers, host: 'localhost' },
      })
      sent.once('error', reject)
      sent.once('response', (response) => {
        buffer(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
      })
      sent.end(body)
    })
  }

  /** With all that it started: a container takes everything along. */
  kill(): void {
    // What runs in it may have sessions of its own: they end with their input.
    try {
      process.kill(-this.#process.pid!, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }

  get #socket(): string {
    return join(this.place, 'lsnr.sock')
  }
}
