import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucket, type DeploymentFieldsFragment, DeployYaml, GetDeployment, GetObject, ListBuckets } from '../node.js'
import { type Command, isGiven, textOf } from './command.js'
import { type LocalFile, localFilesIn, withObjects } from './deploy-files.js'
import { exitCodes, notThere } from './exit-codes.js'
import { listOf, pagesOf } from './pages.js'
import { ProgressBar } from './progress-bar.js'
import type { Session } from './session.js'

interface SentFile {
  path: string
  bucket: string
  key: string
  /** The same bytes were there already. */
  isUnchanged: boolean
}

export const deployCommand: Command = {
  usage: 'deploy [-f deploy.yaml]',
  summary: 'Makes a deployment or its next version from a deploy.yaml and the files that it names.',
  more: `Scripts, libraries and requirements that begin with ./ or ../ are files beside the deploy.yaml: they are uploaded to the project's
bucket for deployments, which is made when it is missing, unless the same bytes are there already.`,
  options: {
    file: { type: 'string', short: 'f', value: 'FILE', says: 'deploy.yaml without it' },
    wait: { type: 'boolean', says: 'until its packages are together; ends with 1 when they cannot be' },
  },
  takes: [0, 0],
  async run(session, given) {
    const path = textOf(given, 'file') ?? 'deploy.yaml'
    const { output, signal } = session
    const text = await readFile(path, 'utf8')
    const project = session.project()
    const files = localFilesIn(text)
    const bucket = files.length > 0 ? await deploymentsBucket(session, project) : ''
    const sent: SentFile[] = []
    for (const file of files) {
      if (sent.some(({ key }) => key === file.key)) continue
      sent.push(await send(session, bucket, file, resolve(dirname(path), file.path)))
    }
    const client = await session.client()
    const { deployYaml } = await client.request(DeployYaml, { project, yaml: withObjects(text, files, bucket) }, { signal })
    const deployment = isGiven(given, 'wait') ? await untilPackaged(session, project, deployYaml) : deployYaml
    const { name, version, status, statusDetail } = deployment
    if (output.isJson) await output.json({ deployment, files: sent })
    else {
      await output.line(`${name} v${version}: ${status}${statusDetail ? `: ${statusDetail}` : ''}`)
      output.note(`Run it with: dhuo run ${name} --watch`)
    }
    return status === 'FAILED' ? exitCodes.failed : exitCodes.ok
  },
}

async function deploymentsBucket(session: Session, name: string): Promise<string> {
  const client = await session.client()
  const { signal } = session
  const buckets = await listOf(
    pagesOf(async (after) => {
      const { project } = await client.request(ListBuckets, { project: name, first: 500, after }, { signal })
      return project?.buckets ?? notThere(`The project "${name}"`)
    }),
  )
  const there = buckets.find(({ purpose }) => purpose === 'DEPLOYMENTS')
  if (there) return there.name
  const input = { project: name, purpose: 'DEPLOYMENTS' as const }
  return (await client.request(CreateBucket, { input }, { signal })).createBucket.name
}

async function send(session: Session, bucket: string, { path, key }: LocalFile, from: string): Promise<SentFile> {
  const client = await session.client()
  const { output, signal } = session
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(from)) hash.update(chunk as Uint8Array)
  const sha256 = hash.digest('hex')
  const there = (await client.request(GetObject, { bucket, key }, { signal })).bucket?.object
  if (there?.sha256 === sha256) return { path, bucket, key, isUnchanged: true }
  const bar = new ProgressBar(output, path)
  await client.upload({ bucket, key, from, sha256, signal, onProgress: bar.show }).finally(() => bar.end())
  output.note(`${path} → ${bucket}/${key}`)
  return { path, bucket, key, isUnchanged: false }
}

async function untilPackaged(
  session: Session,
  project: string,
  made: DeploymentFieldsFragment,
): Promise<DeploymentFieldsFragment> {
  const client = await session.client()
  for (let deployment = made; ; ) {
    // A version that came after it is somebody else's.
    if (deployment.status !== 'PACKAGING' || deployment.version !== made.version) return deployment
    await sleep(500, undefined, { signal: session.signal })
    const answer = await client.request(GetDeployment, { project, name: made.name }, { signal: session.signal })
    deployment = answer.deployment ?? notThere(`The deployment "${made.name}"`)
  }
}
