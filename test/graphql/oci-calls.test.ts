import { readFile } from 'node:fs/promises'
import { createOciHub, type OciHub } from '../oci-hub.js'
import { seedBucket, seedObject, seedProject } from '../seed.js'

let oci: OciHub
let bucket: string
beforeAll(async () => {
  oci = await createOciHub()
  const project = (await seedProject(oci.hub)).name
  bucket = (await seedBucket(oci.hub, project)).name
  // The first in a bucket looks for requests that a killed server left there.
  await seedObject(oci.hub, bucket, 'first', Buffer.alloc(5 * 2 ** 20))
})
afterAll(() => oci.close())

/** Calls of the service by this server, and what its clients ask the service for by themselves, while `work` is done. */
async function callsOf(work: () => Promise<unknown>): Promise<{ ours: number; clients: number }> {
  const before = oci.double.requests.length
  await work()
  const operations = oci.double.requests.slice(before).map(({ operation }) => operation)
  const clients = operations.filter((operation) => /^(get|uploadPart)ByPar$/.test(operation)).length
  return { ours: operations.length - clients, clients }
}

const query = (fields: string, key: string) =>
  oci.hub.data(`query ($b: String!, $k: String!) { bucket(name: $b) { object(key: $k) { ${fields} } } }`, { b: bucket, k: key })
const download = async (key: string) => (await fetch((await query('downloadUrl', key)).bucket.object.downloadUrl)).arrayBuffer()
const csv = Buffer.from(`x,y\n${'1,2\n'.repeat(200_000)}`)

const actions: Record<string, () => Promise<unknown>> = {
  'an upload below 4 MiB': () => seedObject(oci.hub, bucket, 'small.csv', 'x\n1\n'),
  'an upload of 65 MiB, in two parts': () => seedObject(oci.hub, bucket, 'large', Buffer.alloc(65 * 2 ** 20)),
  'a download below 4 MiB': () => download('small.csv'),
  'a download of 4 MiB and more': () => download('large'),
  'the same within a minute': () => download('large'),
  'the first rows of a CSV file': async () => {
    await seedObject(oci.hub, bucket, 'rows.csv', csv)
    return callsOf(() => query('table(limit: 10) { rows }', 'rows.csv'))
  },
  'a list, a search, a look at an object': () => query('key size sha256', 'small.csv'),
  'a deletion': () => oci.hub.data('mutation ($b: String!) { deleteObject(bucket: $b, key: "small.csv") }', { b: bucket }),
  'syncBucket, for each thousand objects': () =>
    oci.hub.data('mutation ($b: String!) { syncBucket(bucket: $b) { added } }', { b: bucket }),
}

test('docs/oci.md says how many calls of Object Storage an action takes', async () => {
  const measured: Record<string, string> = {}
  for (const [name, act] of Object.entries(actions)) {
    let inner: unknown
    const { ours, clients } = await callsOf(async () => {
      inner = await act()
    })
    const counted =
      (inner as { ours?: number })?.ours === undefined ? { ours, clients } : (inner as { ours: number; clients: number })
    measured[name] = counted.clients === 0 ? String(counted.ours) : `${counted.ours}, and ${counted.clients} of the client`
  }
  const rows = (await readFile('docs/oci.md', 'utf8')).matchAll(/^\| ([^|]+) \| (\d+(?:, and \d+ of the client)?) \|$/gm)
  expect(measured).toEqual(Object.fromEntries([...rows].map(([, name, calls]) => [name, calls])))
}, 60_000)
