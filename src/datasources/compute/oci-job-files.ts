// Puts into Object Storage what a run needs: one archive with packages, scripts and the wrapper, named after its content.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DhuoError } from '../../errors.js'
import type { JobArchive, JobFile } from './job-runner.js'
import { extendArchive } from './oci-job-archive.js'
import type { OciJobObjects } from './oci-job-objects.js'

export interface PlacedFiles {
  /** What Data Flow starts, the same for all. */
  launcherUri: string
  archiveUri: string
  /** Where a script lies in the archive. */
  pathOf(script: JobFile): string
}

/** Changes with how the archive is put together. */
const format = 1
/** In the archive: the place for files that are no packages. https://docs.oracle.com/iaas/data-flow/using/third-party-provide-archive.htm */
const folder = 'python/lib/user/dhuo'
const largestScript = 16 * 2 ** 20
/** Somebody may tidy the bucket. */
const trustMs = 600_000

/** They are no TypeScript, so they stand beside `src` and `dist`, which have the same depth. */
const templates = join(import.meta.dirname, '..', '..', '..', 'templates')

export class OciJobFiles {
  /** What is there, by its name in the bucket, and until when that is believed. */
  readonly #there = new Map<string, { until: number; put: Promise<void> }>()
  #programs: Promise<{ launcher: string; wrapper: Buffer; wrapperDigest: string }> | null = null

  constructor(private readonly objects: OciJobObjects) {}

  /** @param owner a path in the bucket, which goes as a whole one day */
  async place(owner: string, scripts: readonly JobFile[], archive: JobArchive | null): Promise<PlacedFiles> {
    this.#programs ??= readPrograms()
    const { launcher, wrapper, wrapperDigest } = await this.#programs
    const launcherName = `programs/${digestOf(launcher)}/dhuo_data_flow.py`
    const paths = new Map<JobFile, string>()
    for (const script of scripts) paths.set(script, `${folder}/${(await scriptDigest(script)).slice(0, 16)}/${script.name}`)
    const content = [...new Set(paths.values())].sort()
    const key = digestOf(JSON.stringify({ format, wrapperDigest, archive: archive?.sha256 ?? null, content }))
    const archiveName = `${owner}${key}.zip`
    await Promise.all([
      this.#ensure(launcherName, () => this.objects.putText(launcherName, launcher)),
      this.#ensure(archiveName, () => this.#putArchive(archiveName, archive, paths, wrapper)),
    ])
    return {
      launcherUri: this.objects.uriOf(launcherName),
      archiveUri: this.objects.uriOf(archiveName),
      pathOf: (script) => paths.get(script)!,
    }
  }

  #ensure(name: string, put: () => Promise<void>): Promise<void> {
    const known = this.#there.get(name)
    if (known && known.until > Date.now()) return known.put
    const putting = this.objects.has(name).then((isThere) => (isThere ? undefined : put()))
    this.#there.set(name, { until: Date.now() + trustMs, put: putting })
    putting.catch(() => this.#there.delete(name))
    return putting
  }

  async #putArchive(
    name: string,
    archive: JobArchive | null,
    paths: ReadonlyMap<JobFile, string>,
    wrapper: Buffer,
  ): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'dhuo-data-flow-'))
    try {
      const added = new Map([[`${folder}/dhuo_wrapper.py`, wrapper]])
      for (const [script, path] of paths) if (!added.has(path)) added.set(path, await readScript(script))
      const file = archive && (archive.localFile ?? (await copyOf(archive, join(directory, 'archive.zip'))))
      const entries = [...added].map(([path, bytes]) => ({ name: path, bytes }))
      await this.objects.put(name, await extendArchive(file, entries))
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
}

async function readPrograms() {
  const [launcher, wrapper] = await Promise.all(
    ['dhuo_data_flow.py', 'dhuo_wrapper.py'].map((name) => readFile(join(templates, name))),
  )
  return { launcher: launcher!.toString(), wrapper: wrapper!, wrapperDigest: digestOf(wrapper!) }
}

async function copyOf(file: JobFile, path: string): Promise<string> {
  await pipeline(await file.open(), createWriteStream(path))
  return path
}

const scriptDigest = async (script: JobFile): Promise<string> => script.sha256 ?? digestOf(await readScript(script))

/** @throws PRECONDITION_FAILED it is larger than any script is */
async function readScript(script: JobFile): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of await script.open()) {
    size += (part as Buffer).length
    if (size > largestScript)
      throw new DhuoError('PRECONDITION_FAILED', `The script ${script.name} has more than ${largestScript} bytes.`)
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}

const digestOf = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
