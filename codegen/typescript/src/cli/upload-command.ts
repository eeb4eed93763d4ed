import { readdir, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { type BucketPurpose, CreateBucket, GetBucket, type ObjectFieldsFragment } from '../node.js'
import { type Command, isGiven, textOf } from './command.js'
import { exitCodes, usageError } from './exit-codes.js'
import { byteText } from './output.js'
import { ProgressBar } from './progress-bar.js'
import type { Session } from './session.js'

interface Sending {
  /** A path, or - for what comes by the pipe. */
  from: string
  key: string
}

export const uploadCommand: Command = {
  usage: 'upload FILE… BUCKET[/KEY]',
  summary: 'Files become objects of a bucket, each whole or not at all.',
  more: `KEY is the key of a single file; behind a "/", or with several files, it is what all keys begin with. Without it keys are the
names of the files. FILE may be -: what comes by the pipe. Parts that a cut has lost are sent again.`,
  options: {
    recursive: { type: 'boolean', short: 'r', says: 'FILE may be a directory: all files below it' },
    create: { type: 'boolean', says: 'makes the bucket when it is missing: PROJECT-PURPOSE, for example iris-raw' },
    'content-type': { type: 'string', value: 'TYPE', says: 'the media type; otherwise the server guesses it from the key' },
    parallel: { type: 'string', value: 'N', says: 'how many parts are under way at a time; 4 without it' },
  },
  takes: [2, 1_000_000],
  async run(session, given) {
    const target = given.positionals.at(-1)!
    const files = given.positionals.slice(0, -1)
    const [bucket = '', ...rest] = target.split('/')
    const sendings = await sendingsOf(files, rest.join('/'), isGiven(given, 'recursive'))
    const contentType = textOf(given, 'content-type')
    const parallel = textOf(given, 'parallel')
    if (parallel !== undefined && !/^[1-9]\d?$/.test(parallel)) throw usageError(`--parallel ${parallel}: 1 to 99 is wanted.`)
    const client = await session.client()
    if (isGiven(given, 'create')) await makeBucket(session, bucket)
    const { output, signal } = session
    const objects: ObjectFieldsFragment[] = []
    for (const { from, key } of sendings) {
      const bar = new ProgressBar(output, key)
      const options = { ...(contentType && { contentType }), ...(parallel && { parallel: Number(parallel) }) }
      const source = from === '-' ? process.stdin : from
      const object = await client
        .upload({ bucket, key, from: source, signal, onProgress: bar.show, ...options })
        .finally(() => bar.end())
      objects.push(object)
      if (!output.isJson)
        await output.line(`${bucket}/${object.key}  ${byteText(Number(object.size))}  sha256:${object.sha256 ?? '-'}`)
    }
    if (output.isJson) await output.json(objects)
    return exitCodes.ok
  },
}

async function sendingsOf(files: readonly string[], key: string, isRecursive: boolean): Promise<Sending[]> {
  const sendings: Sending[] = []
  const isPrefix = key === '' || key.endsWith('/') || files.length > 1
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
  for (const from of files) {
    if (from === '-') {
      if (isPrefix) throw usageError('What comes by the pipe needs a key: BUCKET/KEY.')
      sendings.push({ from, key })
    } else if ((await stat(from)).isDirectory()) {
      if (!isRecursive) throw usageError(`${from} is a directory.`, 'With -r all files below it are sent.')
      const below = await readdir(from, { recursive: true, withFileTypes: true })
      const paths = below.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      for (const path of paths.sort()) sendings.push({ from: path, key: prefix + relative(from, path).split(sep).join('/') })
    } else sendings.push({ from, key: isPrefix ? prefix + basename(from) : key })
  }
  return sendings
}

/** The purpose is in the name, as the naming policy has it. */
async function makeBucket(session: Session, name: string): Promise<void> {
  const client = await session.client()
  const { signal } = session
  if ((await client.request(GetBucket, { name }, { signal })).bucket) return
  const project = session.values.project ?? session.env['DHUO_PROJECT'] ?? name.slice(0, Math.max(name.lastIndexOf('-'), 0))
  const purpose = name.slice(project.length + 1).split('-', 1)[0] ?? ''
  if (!name.startsWith(`${project}-`) || purpose === '')
    throw usageError(`"${name}" is no name for a bucket of the project ${project || '?'}.`, 'PROJECT-PURPOSE is one: iris-raw')
  const input = { project, name, purpose: purpose.toUpperCase() as BucketPurpose }
  const { createBucket } = await client.request(CreateBucket, { input }, { signal })
  session.output.note(`Made the bucket ${createBucket.name}.`)
}
