import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '../../codegen/typescript/src/node.js'
import { createOciHub } from '../oci-hub.js'
import { seedBucket, seedProject } from '../seed.js'

test('the TypeScript client sends parts to OCI, and follows downloads there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dhuo-on-oci-'))
  const oci = await createOciHub()
  try {
    const bucket = (await seedBucket(oci.hub, (await seedProject(oci.hub)).name)).name
    const client = createClient({ url: oci.hub.url, token: oci.hub.admin })
    const bytes = randomBytes(40 * 2 ** 20)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await writeFile(join(folder, 'up'), bytes)
    const object = await client.upload({ bucket, key: 'Ação/large 1.bin', from: join(folder, 'up') })
    expect(object.size).toBe(bytes.length)
    const done = await client.download({ bucket, key: object.key }, join(folder, 'down'))
    expect(done).toEqual({ bytes: bytes.length, sha256 })
    expect((await readFile(join(folder, 'down'))).equals(bytes)).toBe(true)
    expect(oci.double.calls('createPreauthenticatedRequest')).toBeGreaterThan(1)
  } finally {
    await oci.close()
    await rm(folder, { recursive: true, force: true })
  }
}, 60_000)
