// What the double of Data Flow does with a run once it was taken: it waits, really runs the script, and publishes its logs at the end.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { type ObjectStorageState, readBlobs } from './object-storage-state.js'

const execute = promisify(execFile)

/** What a run is made of when it starts: its own settings, and those of its application. */
export interface RunProgram {
  fileUri: string
  archiveUri: string | null
  arguments: string[]
  environment: Record<string, string>
  maxDurationMs: number | null
}

export interface RunOutcome {
  isSuccess: boolean
  details: string
  stdout: Buffer
  stderr: Buffer
}

export interface StartedRun {
  outcome: Promise<RunOutcome>
  /** As the service ends the machines of a run. */
  kill(): void
}

/** Runs it on this machine, laid out as on one of Data Flow's. */
export function startPython(storage: ObjectStorageState, program: RunProgram): StartedRun {
  let child: ChildProcess | null = null
  let isKilled = false
  const kill = (): void => {
    isKilled = true
    if (child?.pid !== undefined) killGroup(child.pid)
  }
  const outcome = (async (): Promise<RunOutcome> => {
    const directory = await mkdtemp(join(tmpdir(), 'dhuo-data-flow-double-'))
    try {
      const { main, root, paths } = await layOut(storage, program, directory)
      if (isKilled) return failed('The run was canceled.')
      child = spawn('python3', [main, ...program.arguments], {
        cwd: directory,
        env: {
          ...{ PATH: process.env['PATH'], HOME: directory, LANG: 'C.UTF-8', DHUO_ARCHIVE: root, PYTHONPATH: paths.join(':') },
          ...program.environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      const output = Promise.all([buffer(child.stdout!), buffer(child.stderr!)])
      const limit = program.maxDurationMs === null ? undefined : setTimeout(kill, program.maxDurationMs).unref()
      const code = await new Promise<number | null>((resolve) => child!.once('exit', resolve))
      clearTimeout(limit)
      // The machines go a moment later, with whatever still runs there.
      const late = setTimeout(() => {
        child!.stdout!.destroy()
        child!.stderr!.destroy()
      }, 2_000)
      const [stdout, stderr] = await output.catch(() => [Buffer.alloc(0), Buffer.alloc(0)])
      clearTimeout(late)
      const details = code === 0 ? '' : 'The driver of the run ended with an error: see the logs.'
      return { isSuccess: code === 0, details, stdout: stdout!, stderr: stderr! }
    } catch (error) {
      return failed(`The run could not be started: ${(error as Error).message}`)
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    }
  })()
  return { outcome, kill }
}

const failed = (details: string): RunOutcome => ({
  ...{ isSuccess: false, details, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) },
})

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {}
}

/** https://docs.oracle.com/iaas/data-flow/using/third-party-provide-archive.htm: below `/opt/dataflow` there. */
async function layOut(storage: ObjectStorageState, { fileUri, archiveUri }: RunProgram, directory: string) {
  const main = join(directory, fileUri.slice(fileUri.lastIndexOf('/') + 1))
  const root = join(directory, 'opt')
  await mkdir(root)
  await download(storage, fileUri, main)
  const paths: string[] = []
  if (archiveUri !== null) {
    const archive = join(directory, 'archive.zip')
    await download(storage, archiveUri, archive)
    await execute('python3', ['-m', 'zipfile', '-e', archive, root])
    const lib = join(root, 'python', 'lib')
    for (const name of await readdir(lib).catch(() => [])) if (/^python3/.test(name)) paths.push(join(lib, name, 'site-packages'))
  }
  return { main, root, paths }
}

async function download(storage: ObjectStorageState, uri: string, file: string): Promise<void> {
  const [, bucketName = '', namespace = '', name = ''] = /^oci:\/\/([^@]+)@([^/]+)\/(.+)$/.exec(uri) ?? []
  const object = storage.find(storage.bucket(namespace, bucketName), name, null)
  await pipeline(await readBlobs(object.blobs, 0, object.size - 1), createWriteStream(file))
}
