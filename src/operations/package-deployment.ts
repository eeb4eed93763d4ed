// Makes the dependency archive of a version of a deployment, or finds one that was made from the same before.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { DeploymentRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'
import type { BuiltArchive } from '../datasources/catalog/deployment-version-store.js'
import type { StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError } from '../errors.js'
import { type PythonRuntime, parseWheelName } from '../python-runtime.js'
import { archiveFiles } from './archive-files.js'
import { openArchive, type ZipSource } from './build-archive.js'
import { type ArchiveBounds, archiveBounds, checkArchive } from './check-archive.js'
import { type LibraryKind, libraryKindOf, libraryNameOf } from './check-libraries.js'
import { fetchArchive } from './fetch-archive.js'
import { locationOf } from './object-table.js'
import { findRuntime, type PackagingSettings, requireFitting, resolvePackages } from './resolve-packages.js'
import { storeArchive } from './store-archive.js'

type Packaging = Pick<Datasources, 'catalog' | 'storage' | 'archives'>
type Archive = BuiltArchive & Pick<DeploymentVersionRow, 'archiveKey'>
type PlacedLibrary = ZipSource & { kind: LibraryKind; object: StoredObjectRow }

/** Changes with what the code below makes of the same input. */
const format = 1

const nothing: Archive = {
  archiveKey: null,
  archiveObjectId: null,
  archiveSha256: null,
  archivePackages: null,
  archiveBuiltAt: null,
}

/** @throws PRECONDITION_FAILED in words for whoever deployed; BACKEND_UNAVAILABLE */
export async function packageDeployment(
  datasources: Packaging,
  settings: PackagingSettings,
  deployment: DeploymentRow,
  version: DeploymentVersionRow,
  signal: AbortSignal,
): Promise<Archive> {
  const { catalog } = datasources
  const pinned = await catalog.deploymentVersions.libraries([version])
  if (version.requirements === null && pinned.length === 0) return nothing
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-packaging-'))
  try {
    const runtime = await findRuntime(settings, { directory, signal })
    const objects = await catalog.storedObjects.byIds(pinned.map(({ objectId }) => objectId))
    const archiveKey = await keyOf(datasources, runtime, version.requirements, objects)
    const made = await catalog.deploymentVersions.findArchive(deployment.projectId, archiveKey)
    if (made) return { ...made, archiveKey }

    const libraries = await placeLibraries(datasources, objects, directory)
    for (const { kind, fileName } of libraries) if (kind === 'WHEEL') requireFitting(fileName, runtime)
    const own = new Set(libraries.flatMap(({ fileName }) => packageOf(fileName)?.name ?? []))
    const found = await findPackages(datasources, settings, runtime, { version, archiveKey, own, directory, signal })
    const file = join(directory, 'archive.zip')
    // Also what was built elsewhere is packed once more: wherever it was built, the same input gives the same bytes.
    const sha256 = await writeArchive(datasources, { runtime, ...found, libraries }, file, signal)
    await checkArchive(file, runtime, archiveBounds)
    const object = await storeArchive(datasources, deployment, sha256, () => createReadStream(file))
    await datasources.archives?.discard(archiveKey)
    return {
      archiveKey,
      archiveObjectId: object.id,
      archiveSha256: sha256,
      archivePackages: JSON.stringify([...found.names, ...namesOf(libraries)].sort()),
      archiveBuiltAt: new Date().toISOString(),
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

interface FoundPackages {
  /** What pip found here. */
  packages: readonly ZipSource[]
  /** What was found and packed elsewhere. */
  archive: ZipSource | null
  /** `name==version` */
  names: string[]
}

/** What the requirements ask for, but for what the deployment brings by itself. */
async function findPackages(
  { archives }: Packaging,
  settings: PackagingSettings,
  runtime: PythonRuntime,
  { version, archiveKey, own, directory, signal }: FindingPackages,
): Promise<FoundPackages> {
  const { requirements } = version
  if (requirements === null) return { packages: [], archive: null, names: [] }
  if (!archives) {
    const resolved = await resolvePackages(settings, runtime, requirements, { directory, signal })
    const packages = resolved.filter(({ fileName }) => !own.has(packageOf(fileName)!.name))
    return { packages, archive: null, names: namesOf(packages) }
  }
  const request = { key: archiveKey, requirements, without: [...own], runtime, bounds: archiveBounds }
  const path = join(directory, 'packages.zip')
  const names = await fetchArchive(archives, request, path, signal)
  await checkArchive(path, runtime, archiveBounds)
  return { packages: [], archive: { fileName: 'the archive that was built', path }, names }
}

interface FindingPackages {
  version: DeploymentVersionRow
  archiveKey: string
  /** Names of packages. */
  own: ReadonlySet<string>
  directory: string
  signal: AbortSignal
}

async function keyOf(
  datasources: Packaging,
  runtime: PythonRuntime,
  requirements: string | null,
  objects: readonly StoredObjectRow[],
): Promise<string> {
  const digests: [string, string][] = []
  for (const object of objects) {
    const sha256 = object.sha256 ?? (await datasources.storage.sha256(await locationOf(datasources, object)))
    if (object.sha256 === null) await datasources.catalog.storedObjects.setSha256(object.id, sha256)
    digests.push([libraryNameOf(object), sha256])
  }
  // In which order they were given makes no difference to what comes out.
  digests.sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify({ format, runtime, requirements, digests })).digest('hex')
}

/** Zips as files: where the storage has none of its own, as copies. */
async function placeLibraries(
  datasources: Packaging,
  objects: readonly StoredObjectRow[],
  directory: string,
): Promise<PlacedLibrary[]> {
  const placed: PlacedLibrary[] = []
  for (const [index, object] of objects.entries()) {
    const fileName = libraryNameOf(object)
    const kind = libraryKindOf(fileName)!
    let path = ''
    if (kind === 'WHEEL' || kind === 'ZIP') {
      const location = await locationOf(datasources, object)
      const local = await datasources.storage.localFile(location)
      path = local ?? join(directory, `library-${index}`)
      if (local === null) await pipeline(await datasources.storage.read(location), createWriteStream(path))
    }
    placed.push({ fileName, path, kind, object })
  }
  return placed
}

/** @returns the SHA-256 of the file */
async function writeArchive(
  datasources: Packaging,
  parts: Pick<FoundPackages, 'packages' | 'archive'> & { runtime: PythonRuntime; libraries: readonly PlacedLibrary[] },
  file: string,
  signal: AbortSignal,
): Promise<string> {
  const ofKind = (wanted: LibraryKind) => parts.libraries.filter(({ kind }) => kind === wanted)
  const streamed = (wanted: LibraryKind) =>
    ofKind(wanted).map(({ fileName, object }) => ({
      name: fileName,
      open: async () => datasources.storage.read(await locationOf(datasources, object)),
    }))
  const { entries, close } = await openArchive({
    runtime: parts.runtime,
    packages: parts.packages,
    archive: parts.archive,
    wheels: ofKind('WHEEL'),
    zips: ofKind('ZIP'),
    modules: streamed('MODULE'),
    jars: streamed('JAR'),
  })
  try {
    const hash = createHash('sha256')
    await pipeline(archiveFiles(entries), measured(hash, archiveBounds), createWriteStream(file), { signal })
    return hash.digest('hex')
  } catch (error) {
    // zlib and yauzl find out while bytes flow that they are not what the directory of the ZIP says.
    if (
      /bytes in the stream|size|CRC|invalid|header/i.test((error as Error).message) &&
      (error as { syscall?: string }).syscall === undefined
    )
      throw new DhuoError('PRECONDITION_FAILED', `A library or package is damaged: ${(error as Error).message}.`, {
        cause: error,
      })
    throw error
  } finally {
    close()
  }
}

function measured(hash: ReturnType<typeof createHash>, { bytes }: ArchiveBounds): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      hash.update(chunk)
      const problem = `The archive would have more than ${bytes} bytes.`
      done(size > bytes ? new DhuoError('PRECONDITION_FAILED', problem) : null, chunk)
    },
  })
}

/** `name==version` of those that are wheels. */
const namesOf = (files: readonly Pick<ZipSource, 'fileName'>[]): string[] =>
  files.flatMap(({ fileName }) => packageOf(fileName) ?? []).map(({ name, version }) => `${name}==${version}`)

/** Names as the Python Package Index writes them: https://packaging.python.org/en/latest/specifications/name-normalization/ */
function packageOf(fileName: string): { name: string; version: string } | null {
  const wheel = parseWheelName(fileName)
  return wheel && { name: wheel.name.replaceAll(/[-_.]+/g, '-').toLowerCase(), version: wheel.version }
}
