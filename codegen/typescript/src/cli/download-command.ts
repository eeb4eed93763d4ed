import { mkdir, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { type DownloadSource, ListObjects } from '../node.js'
import { type Command, type Given, isGiven } from './command.js'
import { CommandError, exitCodes, notThere, usageError } from './exit-codes.js'
import { byteText } from './output.js'
import { listOf, pagesOf } from './pages.js'
import { ProgressBar } from './progress-bar.js'
import type { Session } from './session.js'

interface Fetching {
  source: DownloadSource
  name: string
  /** A path, or - for stdout. */
  to: string
}

export const downloadCommand: Command = {
  usage: 'download BUCKET/KEY [PATH]',
  summary: 'The bytes of an object, or of a model: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME@ALIAS.',
  more: `PATH is a file, or a directory that is there; - is stdout. Without it the file has the name of the object and lies here. It appears
when it is whole. After a cut the rest is asked for.`,
  options: {
    recursive: { type: 'boolean', short: 'r', says: 'KEY is what keys begin with: all those objects, below the directory PATH' },
    force: { type: 'boolean', says: 'writes over files that are there' },
  },
  takes: [1, 2],
  async run(session, given) {
    const { output, signal } = session
    const client = await session.client()
    const done: { path: string; bytes: number; sha256: string | null }[] = []
    for (const { source, name, to } of await fetchingsOf(session, given)) {
      if (to !== '-') await makeRoom(to, isGiven(given, 'force'))
      const bar = new ProgressBar(output, name)
      const { bytes, sha256 } = await client
        .download(source, to === '-' ? process.stdout : to, { signal, onProgress: bar.show })
        .finally(() => bar.end())
      done.push({ path: to, bytes, sha256 })
      if (!output.isJson && to !== '-') output.note(`${to}  ${byteText(bytes)}${sha256 ? `  sha256:${sha256}` : ''}`)
    }
    if (output.isJson && done[0]?.path !== '-') await output.json(done)
    return exitCodes.ok
  },
}

async function fetchingsOf(session: Session, given: Given): Promise<Fetching[]> {
  const [from = '', path = '.'] = given.positionals
  if (from.startsWith('models:/')) {
    const name = `${from.slice('models:/'.length).replaceAll(/[/@]/g, '-')}.model`
    return [{ source: { project: session.project(), model: from }, name, to: await targetOf(path, name) }]
  }
  const [bucket = '', ...rest] = from.split('/')
  const key = rest.join('/')
  if (!isGiven(given, 'recursive')) {
    if (key === '') throw usageError(`"${from}" is not BUCKET/KEY.`, 'With -r all objects of a bucket come.')
    const name = key.slice(key.lastIndexOf('/') + 1)
    return [{ source: { bucket, key }, name, to: await targetOf(path, name) }]
  }
  if (path === '-') throw usageError('Several objects do not go to stdout.')
  const client = await session.client()
  const objects = await listOf(
    pagesOf(async (after) => {
      const answer = await client.request(ListObjects, { bucket, prefix: key, first: 500, after }, { signal: session.signal })
      return answer.bucket?.objects ?? notThere(`The bucket "${bucket}"`)
    }),
  )
  const prefix = key.slice(0, key.lastIndexOf('/') + 1)
  return objects.map((object) => ({
    source: { bucket, key: object.key },
    name: object.key,
    to: inside(path, object.key.slice(prefix.length)),
  }))
}

const isDirectory = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isDirectory() ?? false

const targetOf = async (path: string, name: string): Promise<string> =>
  path !== '-' && (await isDirectory(path)) ? join(path, name) : path

/** Keys are others' words: none leads out of the directory. */
function inside(directory: string, key: string): string {
  const path = join(directory, key)
  if (relative(resolve(directory), resolve(path)).startsWith('..'))
    throw new CommandError(exitCodes.refused, `The key "${key}" leads out of ${directory}.`)
  return path
}

async function makeRoom(path: string, isForced: boolean): Promise<void> {
  if (!isForced && (await stat(path).catch(() => null)))
    throw new CommandError(exitCodes.refused, `${path} is there already.`, '--force')
  await mkdir(dirname(path), { recursive: true })
}
