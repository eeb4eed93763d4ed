import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fromBufferPromise } from 'yauzl'
import { extendArchive } from '../../src/datasources/compute/oci-job-archive.js'
import { zipOf } from '../graphql/deployment-seed.js'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dhuo-archive-'))
})
afterAll(() => rm(directory, { recursive: true }))

const added = [
  { name: 'python/lib/user/dhuo/wrapper.py', bytes: Buffer.from('print("wrapper")\n') },
  { name: 'python/lib/user/dhuo/ação 🎉.py', bytes: Buffer.alloc(0) },
]

async function contentOf(zip: Buffer): Promise<Record<string, string>> {
  const file = await fromBufferPromise(zip, { lazyEntries: true })
  const content: Record<string, string> = {}
  for await (const entry of file.eachEntry())
    content[entry.fileName] = String(await buffer(await file.openReadStreamPromise(entry)))
  return content
}
const extended = async (file: string | null): Promise<Buffer> => {
  const { size, open } = await extendArchive(file, added)
  const bytes = await buffer(await open())
  expect(bytes.length).toBe(size)
  // The same again: what was cut off is sent anew.
  expect((await buffer(await open())).equals(bytes)).toBe(true)
  return bytes
}
const more = { 'python/lib/user/dhuo/wrapper.py': 'print("wrapper")\n', 'python/lib/user/dhuo/ação 🎉.py': '' }
// Of tens of thousands of files every hundredth is read, and those that were added.
const check = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
names = z.namelist()
for name in names if len(names) < 1000 else names[::100] + names[-2:]: z.read(name)
print(len(names))`
const countedByPython = async (zip: Buffer): Promise<string> => {
  const file = join(directory, 'check.zip')
  await writeFile(file, zip)
  return execFileSync('python3', ['-c', check, file], { encoding: 'utf8' }).trim()
}

test('files are put behind those of an archive, whose bytes stay as they are', async () => {
  const old = zipOf([
    { name: 'version.txt', content: '1' },
    { name: 'python/lib/python3.11/site-packages/a.py', content: 'x = 1\n'.repeat(1_000) },
  ])
  const file = join(directory, 'old.zip')
  await writeFile(file, old)
  const zip = await extended(file)
  expect(await contentOf(zip)).toEqual({
    ...{ 'version.txt': '1', 'python/lib/python3.11/site-packages/a.py': 'x = 1\n'.repeat(1_000) },
    ...more,
  })
  expect(await countedByPython(zip)).toBe('4')
})

test('without an archive they are one', async () => {
  const zip = await extended(null)
  expect(await contentOf(zip)).toEqual(more)
  expect(await countedByPython(zip)).toBe('2')
})

test('an archive that Python made, with a comment and with more files than an old ZIP can count, is extended too', async () => {
  const file = join(directory, 'large.zip')
  const make = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    for i in range(66000): z.writestr(f"python/lib/python3.11/site-packages/m{i}.py", "")
    z.comment = b"PK is what it is"`
  execFileSync('python3', ['-c', make, file])
  expect(await countedByPython(await extended(file))).toBe('66002')
}, 60_000)

test('what is no ZIP is refused', async () => {
  const file = join(directory, 'none.zip')
  for (const bytes of ['', 'x', 'x'.repeat(100_000), `PK\x05\x06${'\xff'.repeat(18)}`]) {
    await writeFile(file, bytes, 'latin1')
    await expect(extendArchive(file, added)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
  }
})
