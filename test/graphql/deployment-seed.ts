import { crc32, deflateRawSync } from 'node:zlib'
import type { TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, uniqueName } from '../seed.js'

export interface DeploymentSeeder {
  project: string
  bucket: string
  /** Puts an object into the bucket. */
  put(key: string, content: string | Uint8Array): Promise<{ bucket: string; key: string }>
  /** An input of `deploy`: one step with a script that is there. */
  input(more?: Record<string, unknown>): Record<string, unknown>
  deploy(more?: Record<string, unknown>): Promise<{ id: string; name: string; version: number; status: string }>
  /** When packaging is over. */
  settled(id: string): Promise<Settled>
}

export interface Settled {
  status: string
  statusDetail: string | null
  archive: { sha256: string; packages: string[]; object: { id: string; key: string; bucket: { name: string } } } | null
}

export const deployMutation = 'mutation ($input: DeployInput!) { deploy(input: $input) { id name version status } }'

export async function seedDeployments(hub: TestHub): Promise<DeploymentSeeder> {
  const project = (await seedProject(hub)).name
  const bucket = (await seedBucket(hub, project, 'DEPLOYMENTS')).name
  const script = 'scripts/main.py'
  await seedObject(hub, bucket, script, 'print("done")\n')
  const seeder: DeploymentSeeder = {
    project,
    bucket,
    async put(key, content) {
      await seedObject(hub, bucket, key, content)
      return { bucket, key }
    },
    input: (more = {}) => ({
      project,
      name: uniqueName('deployment'),
      steps: [{ name: 'main', script: { bucket, key: script } }],
      ...more,
    }),
    deploy: async (more) => (await hub.data(deployMutation, { input: seeder.input(more) })).deploy,
    async settled(id) {
      for (;;) {
        const { node } = await hub.data(
          `query ($id: ID!) { node(id: $id) { ... on Deployment {
            status statusDetail archive { sha256 packages object { id key bucket { name } } } } } }`,
          { id },
        )
        if (node.status !== 'PACKAGING') return node
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
  }
  return seeder
}

interface ZipEntry {
  name: string
  content: string
  /** Of Unix; a link is 0o120777. */
  mode?: number
}

/** A ZIP with any names at all: what no careful program would write. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, mode = 0o100644 } of entries) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const nameBytes = Buffer.from(name)
    const sizes = Buffer.alloc(16)
    sizes.writeUInt32LE(crc32(bytes), 0)
    sizes.writeUInt32LE(packed.length, 4)
    sizes.writeUInt32LE(bytes.length, 8)
    sizes.writeUInt16LE(nameBytes.length, 12)
    const local = Buffer.from('504b030414000008080000002100', 'hex')
    const central = Buffer.from('504b0102140314000008080000002100', 'hex')
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE((mode << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([central, sizes, tail, nameBytes]))
    const part = Buffer.concat([local, sizes, nameBytes, packed])
    parts.push(part)
    offset += part.length
  }
  const index = Buffer.concat(directory)
  const end = Buffer.from('504b0506000000000000000000000000000000000000', 'hex')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(index.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, index, end])
}

/** A wheel that pip itself would install. */
export function wheelOf(name: string, version: string, files: Record<string, string>, tag = 'py3-none-any'): Buffer {
  const info = `${name}-${version}.dist-info`
  const entries = [
    ...Object.entries(files).map(([path, content]) => ({ name: path, content })),
    { name: `${info}/METADATA`, content: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n` },
    { name: `${info}/WHEEL`, content: `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: ${tag}\n` },
  ]
  const record = [...entries.map(({ name: path }) => `${path},,`), `${info}/RECORD,,`].join('\n')
  return zipOf([...entries, { name: `${info}/RECORD`, content: `${record}\n` }])
}
