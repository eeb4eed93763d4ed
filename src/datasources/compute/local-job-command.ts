// Says how a script is started on this machine: by which program, with which arguments and environment.
import { execFile } from 'node:child_process'
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, extname, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import type { LocalComputeConfig } from '../../config/compute-config.js'
import { DhuoError } from '../../errors.js'
import type { JobSubmission } from './job-runner.js'
import { jobMarker } from './local-processes.js'
import { sparkArguments } from './spark-arguments.js'

const run = promisify(execFile)

/** It is no TypeScript, so it stands beside `src` and `dist`, which have the same depth. */
const wrapperFile = join(import.meta.dirname, '..', '..', '..', 'templates', 'dhuo_wrapper.py')

export interface JobPlace {
  directory: string
  script: string
  /** Where the dependency archive was unpacked; null where there is none. */
  archive: string | null
  marker: string
}

export interface JobCommand {
  file: string
  arguments: string[]
  environment: Record<string, string>
}

type Program = 'python' | 'node' | 'spark-submit'

/** Finds the programs that scripts need, and puts command lines together. */
export class LocalJobCommands {
  readonly #config: LocalComputeConfig
  #python: Promise<string> | null = null

  constructor(config: LocalComputeConfig) {
    this.#config = config
  }

  /** @throws PRECONDITION_FAILED when a job of this kind cannot run here */
  async check({ script, archive, arguments: args, environment }: JobSubmission): Promise<void> {
    await this.#find(this.#programFor(script.name))
    for (const text of [...args, ...Object.entries(environment).flat()])
      if (text.includes('\0')) throw refused('An argument or a variable of the environment has a NUL character.')
    for (const name of Object.keys(environment))
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw refused(`No variable of the environment can be called "${name}".`)
    if (archive && !/^[0-9a-f]{64}$/.test(archive.sha256))
      throw refused('The SHA-256 of the archive is not 64 hexadecimal digits.')
  }

  /** @throws BACKEND_UNAVAILABLE when spark-submit was asked for and is not there */
  ping(): void {
    if (this.#config.spark) this.sparkSubmit()
  }

  /** Its path. @throws BACKEND_UNAVAILABLE it is not there */
  sparkSubmit(): string {
    return this.#findSpark('BACKEND_UNAVAILABLE')
  }

  async commandFor(job: JobSubmission, place: JobPlace): Promise<JobCommand> {
    const program = this.#programFor(job.script.name)
    const file = await this.#find(program)
    const environment = this.#environment(job, place)
    const wrapper = this.#config.isWrapped ? [wrapperFile] : []
    if (program === 'node') return { file, arguments: [place.script, ...job.arguments], environment }
    if (program === 'python') return { file, arguments: ['-u', ...wrapper, place.script, ...job.arguments], environment }
    const python = await this.#find('python').catch(() => null)
    return {
      file,
      arguments: sparkArguments(this.#config.spark!, job, [...wrapper, place.script], jarsOf(place.archive)),
      environment: { ...(python && { PYSPARK_PYTHON: python }), ...environment },
    }
  }

  #programFor(name: string): Program {
    if (!/^[^/\\\0]{1,200}$/.test(name)) throw refused('The name of the script is empty, too long, or has a slash.')
    const extension = extname(name)
    if (extension === '.js' || extension === '.mjs') return 'node'
    if (extension === '.py') return this.#config.spark ? 'spark-submit' : 'python'
    throw refused(`"${name}" cannot be run here: scripts are Python (.py) or JavaScript for Node (.js, .mjs).`)
  }

  async #find(program: Program): Promise<string> {
    if (program === 'node') return process.execPath
    if (program === 'spark-submit') return this.#findSpark('PRECONDITION_FAILED')
    // A failure is not kept: Python may be installed while the server runs.
    this.#python ??= this.#findPython().catch((error: unknown) => {
      this.#python = null
      throw error
    })
    return this.#python
  }

  /** What stands on the PATH may be a script that looks for Python first (pyenv: 100 ms each time): ask once where it is. */
  async #findPython(): Promise<string> {
    const { python, inherited } = this.#config
    try {
      const { stdout } = await run(python, ['-c', 'import sys; print(sys.executable if sys.version_info >= (3,) else "")'], {
        env: { ...inherited, HOME: homedir() },
        timeout: 20_000,
      })
      const executable = stdout.trim()
      if (isAbsolute(executable)) return executable
    } catch (cause) {
      throw refused(`Python is not there: "${python}" does not start. Install Python 3 or set DHUO_PYTHON.`, cause)
    }
    throw refused(`"${python}" is not Python 3. Install Python 3 or set DHUO_PYTHON.`)
  }

  #findSpark(code: 'PRECONDITION_FAILED' | 'BACKEND_UNAVAILABLE'): string {
    const { PATH = '', SPARK_HOME } = this.#config.inherited
    for (const directory of [...(SPARK_HOME ? [join(SPARK_HOME, 'bin')] : []), ...PATH.split(delimiter)]) {
      const file = join(directory, 'spark-submit')
      if (isAbsolute(file) && isExecutable(file)) return file
    }
    throw new DhuoError(code, 'spark-submit is neither in $SPARK_HOME/bin nor on the PATH of the server.')
  }

  /** Nothing of the server's own but what `inherited` names: its environment holds secrets. */
  #environment({ environment }: JobSubmission, { directory, archive, marker }: JobPlace): Record<string, string> {
    const pythonPath = [...sitePackagesOf(archive), environment['PYTHONPATH'] ?? ''].filter((path) => path !== '')
    return {
      ...this.#config.inherited,
      HOME: directory,
      TMPDIR: join(directory, 'tmp'),
      PYTHONUNBUFFERED: '1',
      PYTHONIOENCODING: 'utf-8',
      ...environment,
      ...(pythonPath.length > 0 && { PYTHONPATH: pythonPath.join(delimiter) }),
      ...(archive !== null && { DHUO_ARCHIVE: archive }),
      [jobMarker]: marker,
    }
  }
}

const refused = (message: string, cause?: unknown): DhuoError => new DhuoError('PRECONDITION_FAILED', message, { cause })

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

const namesIn = (directory: string): string[] => {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

/** Of whatever Python 3 the archive was made for: most packages do not mind. */
const sitePackagesOf = (archive: string | null): string[] =>
  archive === null
    ? []
    : namesIn(join(archive, 'python', 'lib'))
        .filter((name) => /^python3\.\d+$/.test(name))
        .map((name) => join(archive, 'python', 'lib', name, 'site-packages'))

const jarsOf = (archive: string | null): string[] =>
  archive === null
    ? []
    : namesIn(join(archive, 'java'))
        .filter((name) => name.endsWith('.jar'))
        .map((name) => join(archive, 'java', name))
