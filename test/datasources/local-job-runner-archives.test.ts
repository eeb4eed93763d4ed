import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { access, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { JobSubmission } from '../../src/datasources/compute/job-runner.js'
import { openLocalJobRunner } from '../../src/datasources/compute/local-job-runner.js'
import { type LocalJobs, localConfig, openLocalJobs } from './local-job-scripts.js'

type Archive = NonNullable<JobSubmission['archive']>

/** A ZIP whose entries may be as odd as Python's zipfile can write them. */
function zipOf(directory: string, program: string): Archive {
  const file = join(directory, `${createHash('sha256').update(program).digest('hex').slice(0, 16)}.zip`)
  execFileSync('python3', [
    '-W',
    'ignore',
    '-c',
    `import zipfile, sys\nwith zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:\n  ${program}`,
    file,
  ])
  return archiveOf(file)
}

function archiveOf(localFile: string): Archive {
  const bytes = readFileSync(localFile)
  return {
    name: 'archive.zip',
    localFile,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    open: async () => Readable.from([bytes]),
  }
}

describe('the dependency archive of a local job', () => {
  let directory: string
  let jobs: LocalJobs
  let layout: Archive
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-zips-'))
    jobs = await openLocalJobs({}, { archive: { bytes: 2 ** 20, unpackedBytes: 10 * 2 ** 20, entries: 50 } })
    layout = zipOf(
      directory,
      [
        'z.writestr("python/lib/python3.11/site-packages/iris_tools/__init__.py", "answer = 42")',
        'z.writestr("python/lib/python3.8/site-packages/older.py", "answer = 8")',
        'z.writestr("python/lib/user/data/coefficients.json", "[1, 2]")',
        'z.writestr("java/one.jar", "PK")',
        'z.writestr("version.txt", "1.0")',
        'i = zipfile.ZipInfo("python/lib/user/run.sh"); i.external_attr = 0o100755 << 16; z.writestr(i, "#!/bin/sh\\necho from the archive")',
      ].join('; '),
    )
  })
  afterAll(async () => {
    await jobs.close()
    await rm(directory, { recursive: true })
  })

  const uses = `
import os, subprocess, iris_tools, older
print(iris_tools.answer, older.answer)
print(open(os.path.join(os.environ['DHUO_ARCHIVE'], 'python/lib/user/data/coefficients.json')).read())
print(subprocess.run([os.path.join(os.environ['DHUO_ARCHIVE'], 'python/lib/user/run.sh')], capture_output=True, text=True).stdout.strip())`

  const archives = (): string[] => readdirSync(join(jobs.home, 'archives'))

  test('is on the path, data beside it, and is unpacked once for all who have it', async () => {
    const [one, other, streamed] = await Promise.all([
      jobs.run(uses, { archive: layout }),
      jobs.run(uses, { archive: layout }),
      jobs.run(uses, { archive: { ...layout, localFile: null } }),
    ])
    for (const { texts, last } of [one, other, streamed])
      expect({ texts, detail: last.detail }).toEqual({ texts: ['42 8', '[1, 2]', 'from the archive'], detail: null })
    expect(archives()).toEqual([layout.sha256])
    const { ino } = await stat(join(jobs.home, 'archives', layout.sha256))
    await jobs.run(uses, { archive: { ...layout, localFile: join(directory, 'gone.zip') } })
    expect((await stat(join(jobs.home, 'archives', layout.sha256))).ino).toBe(ino)
  })

  test('comes before the PYTHONPATH of the deployment, which stays', async () => {
    const { texts } = await jobs.run('import os\nprint(os.environ["PYTHONPATH"])', {
      archive: layout,
      environment: { PYTHONPATH: '/mine' },
    })
    const lib = join(jobs.home, 'archives', layout.sha256, 'python', 'lib')
    expect(texts).toEqual([`${lib}/python3.11/site-packages:${lib}/python3.8/site-packages:/mine`])
  })

  test.each([
    ['leaves the directory', 'z.writestr("../../evil.txt", "x")', /leads elsewhere|relative path/],
    ['leaves the directory on its way', 'z.writestr("python/../../evil.txt", "x")', /leads elsewhere|relative path/],
    ['is absolute', 'z.writestr("/tmp/dhuo-evil.txt", "x")', /leads elsewhere|absolute path/],
    [
      'has backslashes',
      'i = zipfile.ZipInfo("x"); i.filename = "..\\\\evil.txt"; z.writestr(i, "x")',
      /leads elsewhere|relative path|invalid characters/,
    ],
    [
      'is a symbolic link',
      'i = zipfile.ZipInfo("link"); i.create_system = 3; i.external_attr = 0o120777 << 16; z.writestr(i, "/etc/passwd")',
      /is a link or a device/,
    ],
    [
      'is a device',
      'i = zipfile.ZipInfo("null"); i.create_system = 3; i.external_attr = 0o020666 << 16; z.writestr(i, "")',
      /is a link or a device/,
    ],
    ['is there twice', 'z.writestr("a", "x"); z.writestr("a", "y")', /in each other’s way/],
    ['is a file and a directory', 'z.writestr("a", "x"); z.writestr("a/b", "y")', /in each other’s way/],
    ['is too large unpacked', 'z.writestr("a", b"0" * 11 * 2**20)', /more than 10485760 bytes/],
    ['is one of too many', '[z.writestr(f"f{i}", "") for i in range(51)]', /more than 50 entries/],
    ['is too large', 'z.writestr(zipfile.ZipInfo("a"), __import__("os").urandom(2**20))', /more than 1048576 bytes/],
  ])('is refused when an entry %s', async (_what, program, detail) => {
    const { last } = await jobs.run('print(1)', { archive: zipOf(directory, program) })
    expect(last).toMatchObject({ state: 'FAILED', detail: expect.stringMatching(detail) })
    expect(last.detail).toMatch(/^The dependency archive cannot be used: /)
    expect(archives()).toEqual([layout.sha256])
    await expect(access(join(jobs.home, 'evil.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(access('/tmp/dhuo-evil.txt')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('is refused when its bytes are damaged, are others, or are no ZIP', async () => {
    const bytes = readFileSync(layout.localFile!)
    const damaged = join(directory, 'damaged.zip')
    await writeFile(damaged, Buffer.concat([bytes.subarray(0, 89), Buffer.from('XXXXXX'), bytes.subarray(95)]))
    const text = join(directory, 'text.zip')
    await writeFile(text, 'no zip')
    for (const archive of [archiveOf(damaged), archiveOf(text), { ...layout, sha256: '0'.repeat(64) }])
      expect((await jobs.run('print(1)', { archive })).last).toMatchObject({
        state: 'FAILED',
        detail: expect.stringMatching(/^The dependency archive cannot be used: /),
      })
    await expect(jobs.start('print(1)', { archive: { ...layout, sha256: '../../x' } })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    })
    expect(archives()).toEqual([layout.sha256])
  })

  test('is removed when nobody has used it for a week, and what was left half unpacked too', async () => {
    const place = join(jobs.home, 'archives')
    for (const [name, days] of [
      ['a'.repeat(64), 8],
      ['b'.repeat(64), 6],
      ['.half', 8],
    ] as const) {
      await mkdir(join(place, name))
      const then = new Date(Date.now() - days * 24 * 3600_000)
      await utimes(join(place, name), then, then)
    }
    await (await openLocalJobRunner(localConfig(jobs.home))).close()
    expect((await readdir(place)).sort()).toEqual(['b'.repeat(64), layout.sha256].sort())
  })
})
