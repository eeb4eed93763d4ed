import { execFileSync } from 'node:child_process'
import { chmod, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { fromBufferPromise } from 'yauzl'
import type { DeploymentVersionRow } from '../../src/datasources/catalog/deployment-rows.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import type { StoredObjectRow } from '../../src/datasources/catalog/tables.js'
import { createLogger } from '../../src/logger.js'
import { checkArchive } from '../../src/operations/check-archive.js'
import { deploy } from '../../src/operations/deploy.js'
import { packageDeployments } from '../../src/operations/package-deployments.js'
import type { PackagingSettings } from '../../src/operations/resolve-packages.js'
import { dataFlowRuntime } from '../../src/python-runtime.js'
import { bucketRow, insertProject, insertUser, objectRow } from '../contracts/catalog-rows.js'
import { wheelOf, zipOf } from '../graphql/deployment-seed.js'
import { type EmbeddedDatasources, openEmbeddedDatasources } from '../operations/embedded-datasources.js'
import { type PackageIndex, startPackageIndex } from '../operations/package-index.js'

const log = createLogger('silent')
const hasPip = (() => {
  try {
    return execFileSync('python3', ['-m', 'pip', '--version'], { stdio: 'pipe' }).length > 0
  } catch {
    console.warn('skipped: no python3 with pip on this machine, so requirements are not resolved here')
    return false
  }
})()
const withPip = hasPip ? test : test.skip

interface World extends EmbeddedDatasources {
  put(key: string, content: Uint8Array | string): Promise<StoredObjectRow>
  /** The next version of the deployment `packed`, not packaged yet. */
  deployed(requirements: string | null, libraries?: readonly StoredObjectRow[]): Promise<{ id: string; version: number }>
  read(key: { id: string; version: number }): Promise<DeploymentVersionRow>
  /** Deploys, packages, and says what came of it. */
  packaged(
    requirements: string | null,
    libraries?: readonly StoredObjectRow[],
    more?: Partial<PackagingSettings>,
  ): Promise<DeploymentVersionRow>
  run(more?: Partial<PackagingSettings>, signal?: AbortSignal): Promise<void>
  archive(version: DeploymentVersionRow): Promise<Buffer>
}

/** As on a machine where pip asks nobody but the index of the test. */
const dataFlow = dataFlowRuntime({ pythonVersion: [3, 11], machine: 'x86_64' })
const settings: PackagingSettings = {
  python: 'python3',
  environment: {
    PATH: process.env['PATH']!,
    HOME: process.env['HOME']!,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_CACHE_DIR: '1',
    PIP_RETRIES: '0',
  },
  runtime: dataFlow,
  timeoutMs: 60_000,
}

const open: World[] = []
async function openWorld(): Promise<World> {
  const opened = await openEmbeddedDatasources()
  const { catalog, storage } = opened.datasources
  const createdBy = (await insertUser(catalog)).id
  const script = objectRow(opened.bucket, 'main.py', { size: 1 })
  await catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent(script))
  const world: World = {
    ...opened,
    async put(key, content) {
      const stored = await storage.write(
        { id: newId('upload'), bucket: opened.bucket.name, key, contentType: 'x/y' },
        Readable.from([Buffer.from(content as Uint8Array)]),
      )
      const object = objectRow(opened.bucket, key, { ...stored, sha256: null })
      await catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent(object))
      return object
    },
    async deployed(requirements, libraries = []) {
      const [project] = await catalog.projects.byIds([opened.bucket.projectId])
      const step = {
        name: 'main',
        kind: 'CUSTOM',
        script,
        arguments: [],
        needs: null,
        maxAttempts: 1,
        timeoutSeconds: null,
      } as const
      const rest = {
        kind: 'BATCH',
        cluster: 'SMALL',
        modelUri: null,
        cron: null,
        timezone: 'UTC',
        isEnabled: true,
        idempotencyKey: null,
      } as const
      const { id, version } = await deploy(opened.datasources, {
        project: project!,
        name: 'packed',
        steps: [step],
        requirements,
        libraries,
        createdBy,
        ...rest,
      })
      return { id, version }
    },
    read: async ({ id, version }) => (await catalog.deploymentVersions.byKeys([{ deploymentId: id, version }]))[0]!,
    async packaged(requirements, libraries, more) {
      const key = await world.deployed(requirements, libraries)
      await world.run(more)
      return world.read(key)
    },
    run: (more = {}, signal = new AbortController().signal) =>
      packageDeployments(opened.datasources, { ...settings, ...more }, log, signal),
    async archive({ archiveObjectId }) {
      const [object] = await catalog.storedObjects.byIds([archiveObjectId!])
      const [bucket] = await catalog.buckets.byIds([object!.bucketId])
      return buffer(await storage.read({ bucket: bucket!.name, key: object!.key, version: object!.version }))
    },
  }
  open.push(world)
  return world
}

/** The text of every file, by name, in the order in which they stand there. */
async function filesOf(zip: Buffer): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  const reader = await fromBufferPromise(zip, { lazyEntries: true })
  for await (const entry of reader.eachEntry())
    files[entry.fileName] = (await buffer(await reader.openReadStreamPromise(entry))).toString()
  return files
}

const wheels = new Map<string, Buffer>()
let index: PackageIndex
let indexUrl: string

beforeAll(async () => {
  const add = (name: string, version: string, files: Record<string, string>, tag?: string) =>
    wheels.set(`${name}-${version}-${tag ?? 'py3-none-any'}.whl`, wheelOf(name, version, files, tag))
  add('tiny_lib', '1.0', { 'tiny_lib/__init__.py': 'one = 1\n' })
  add('tiny_lib', '2.0', {
    'tiny_lib/__init__.py': 'two = 2\n',
    'tiny_lib/__pycache__/__init__.cpython-311.pyc': 'compiled',
    'tiny_lib-2.0.data/scripts/tiny': '#!python\n',
    'tiny_lib-2.0.data/purelib/tiny_extra.py': 'extra = True\n',
  })
  add('for_new', '1.0', { 'for_new.py': '' }, 'cp39-cp39-manylinux2014_x86_64')
  add('native', '1.0', { 'native.so': 'ELF' }, `cp311-cp311-manylinux_2_17_x86_64`)
  add('native', '1.1', { 'native.so': 'ELF' }, `cp311-cp311-manylinux_2_39_x86_64`)
  add('native', '1.2', { 'native.so': 'ELF' }, `cp311-cp311-manylinux_2_17_aarch64`)
  index = await startPackageIndex(wheels)
  indexUrl = index.url
})
afterEach(async () => {
  index.asked.length = 0
  for (const world of open.splice(0)) await world.close()
})
afterAll(() => index.close())

const site = 'python/lib/python3.11/site-packages'
const wanting = (...lines: string[]) => [`--index-url ${indexUrl}`, ...lines].join('\n')

describe('packaging', () => {
  withPip('lays packages out as Data Flow wants them, and names them', async () => {
    const world = await openWorld()
    const made = await world.packaged(wanting('Tiny.Lib', 'native>=1'))
    expect(made).toMatchObject({ status: 'READY', statusDetail: null, packagingUntil: null })
    expect(JSON.parse(made.archivePackages!)).toEqual(['native==1.0', 'tiny-lib==2.0'])
    const files = await filesOf(await world.archive(made))
    expect(Object.keys(files)).toEqual(
      [
        ...['native-1.0.dist-info/METADATA', 'native-1.0.dist-info/RECORD', 'native-1.0.dist-info/WHEEL', 'native.so'],
        ...[
          'tiny_extra.py',
          'tiny_lib-2.0.dist-info/METADATA',
          'tiny_lib-2.0.dist-info/RECORD',
          'tiny_lib-2.0.dist-info/WHEEL',
          'tiny_lib/__init__.py',
        ],
      ]
        .map((name) => `${site}/${name}`)
        .concat('version.txt')
        .sort(),
    )
    expect(files[`${site}/tiny_lib/__init__.py`]).toBe('two = 2\n')
    const [deployment] = await world.datasources.catalog.deployments.byIds([made.deploymentId])
    expect(deployment).toMatchObject({ status: 'READY', statusDetail: null })
  })

  test('puts libraries where Python and Java find them', async () => {
    const world = await openWorld()
    const libraries = [
      await world.put('any/own-1.0-py3-none-any.whl', wheelOf('own', '1.0', { 'own.py': 'own = 1' })),
      await world.put(
        'any/more.zip',
        zipOf([
          { name: 'more/', content: '' },
          { name: 'more/__init__.py', content: 'more = 1' },
        ]),
      ),
      await world.put('any/single.py', 'single = 1'),
      await world.put('any/udf.jar', 'jar'),
    ]
    const made = await world.packaged(null, libraries, { python: 'no-python-is-needed' })
    expect(made).toMatchObject({ status: 'READY', archivePackages: '["own==1.0"]' })
    expect(await filesOf(await world.archive(made))).toMatchObject({
      [`${site}/own.py`]: 'own = 1',
      [`${site}/more/__init__.py`]: 'more = 1',
      [`${site}/single.py`]: 'single = 1',
      'java/udf.jar': 'jar',
      'version.txt': expect.stringContaining('Python 3.11 on linux x86_64'),
    })
  })

  withPip('gives the same bytes for the same input, in another project, at another time, in another order', async () => {
    const build = async (order: number): Promise<DeploymentVersionRow> => {
      const world = await openWorld()
      const libraries = [
        await world.put('a/own-1.0-py3-none-any.whl', wheelOf('own', '1.0', { 'own.py': 'x' })),
        await world.put('b/m.py', 'm = 1'),
      ]
      return world.packaged(wanting('tiny-lib', 'native==1.0'), order > 0 ? libraries : libraries.toReversed())
    }
    const first = await build(1)
    // A ZIP keeps times to two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    const second = await build(-1)
    expect(first).toMatchObject({ status: 'READY', archiveSha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(second.archiveSha256).toBe(first.archiveSha256)
  })

  withPip('builds once what is asked for again, and asks nobody', async () => {
    const world = await openWorld()
    const first = await world.packaged(wanting('tiny-lib'))
    index.asked.length = 0
    const second = await world.packaged(wanting('tiny-lib'))
    expect(index.asked).toEqual([])
    expect(second).toMatchObject({
      status: 'READY',
      version: 2,
      archiveObjectId: first.archiveObjectId,
      archiveBuiltAt: first.archiveBuiltAt,
    })
    const other = await world.packaged(wanting('tiny-lib==1.0'))
    expect(other.archiveSha256).not.toBe(first.archiveSha256)
    // Other words that come to the same: the object is there already.
    const same = await world.packaged(wanting('tiny-lib==2.0'))
    expect(same).toMatchObject({ archiveObjectId: first.archiveObjectId, archiveSha256: first.archiveSha256 })
  })

  test('keeps the archive under its digest in the bucket for deployments, also where that name is taken', async () => {
    const world = await openWorld()
    const made = await world.packaged(null, [await world.put('m.py', 'm = 1')])
    const [object] = await world.datasources.catalog.storedObjects.byIds([made.archiveObjectId!])
    const [bucket] = await world.datasources.catalog.buckets.byIds([object!.bucketId])
    const [project] = await world.datasources.catalog.projects.byIds([world.bucket.projectId])
    expect(object).toMatchObject({ key: `archives/${made.archiveSha256}.zip`, sha256: made.archiveSha256, isCurrent: 1 })
    expect(bucket).toMatchObject({ name: `${project!.name}-deployments`, purpose: 'DEPLOYMENTS' })
    const refused = await world.datasources.catalog.storedObjects.delete(object!.id).then(
      () => null,
      (error) => error,
    )
    expect(String(refused)).toMatch(/FOREIGN KEY/i)

    const unlucky = await openWorld()
    const { catalog, storage } = unlucky.datasources
    const [own] = await catalog.projects.byIds([unlucky.bucket.projectId])
    const taken = bucketRow((await insertProject(catalog)).id, { name: `${own!.name}-deployments` })
    await storage.createBucket(taken.name, { project: 'iris', purpose: 'DEPLOYMENTS' })
    await catalog.buckets.insert(taken)
    const elsewhere = await unlucky.packaged(null, [await unlucky.put('m.py', 'm = 1')])
    expect(elsewhere).toMatchObject({ status: 'READY', archiveSha256: made.archiveSha256 })
    const [kept] = await catalog.storedObjects.byIds([elsewhere.archiveObjectId!])
    expect((await catalog.buckets.byIds([kept!.bucketId]))[0]).toMatchObject({
      name: `${own!.name}-deployments-archives`,
      projectId: own!.id,
    })
  })

  withPip('runs for this machine too: what it asks Python is what fits', async () => {
    const world = await openWorld()
    const made = await world.packaged(wanting('tiny-lib'), [], { runtime: null })
    expect(made).toMatchObject({ status: 'READY' })
    const version = execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).toString().trim()
    expect(Object.keys(await filesOf(await world.archive(made)))).toContain(
      `python/lib/python${version}/site-packages/tiny_lib/__init__.py`,
    )
  })

  withPip('a real package of PyPI: the same bytes twice, and Python imports it from the archive', async () => {
    const reachable = {
      ...settings.environment,
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^PIP_|_PROXY$/i.test(name))),
    } as Record<string, string>
    delete reachable['PIP_CONFIG_FILE']
    const worlds = [await openWorld(), await openWorld()]
    const made: DeploymentVersionRow[] = []
    for (const world of worlds)
      made.push(await world.packaged('markupsafe==3.0.2\nsix==1.16.0 # pinned\n', [], { environment: reachable }))
    if (made[0]!.status === 'FAILED') {
      console.warn(`skipped: PyPI does not answer here: ${made[0]!.statusDetail}`)
      return
    }
    expect(made[1]!.archiveSha256).toBe(made[0]!.archiveSha256)
    expect(JSON.parse(made[0]!.archivePackages!)).toEqual(['markupsafe==3.0.2', 'six==1.16.0'])
    const file = join(worlds[0]!.directory, 'real.zip')
    await writeFile(file, await worlds[0]!.archive(made[0]!))
    const code = `import sys; sys.path.insert(0, '${file}/${site}'); import six; print(six.__version__, six.__file__.startswith('${file}'))`
    expect(execFileSync('python3', ['-I', '-c', code]).toString()).toBe('1.16.0 True\n')
  })
})

describe('packaging fails, and says why', () => {
  withPip.each([
    ['a package that does not exist', 'no-such-package', /No matching distribution found for no-such-package/],
    ['a version that does not exist', 'tiny-lib==9', /No matching distribution found for tiny-lib==9/],
    ['a package for another Python only', 'for-new', /No matching distribution found for for-new[\s\S]*Only wheels/],
    ['packages that exclude each other', 'tiny-lib==1.0\ntiny-lib==2.0', /tiny-lib/],
    ['a digest that is not that of the package', `tiny-lib==1.0 --hash=sha256:${'0'.repeat(64)}`, /HASH/i],
    ['what pip does not understand', 'tiny-lib ;; x', null],
  ])('for %s', async (_, line, message) => {
    const world = await openWorld()
    if (message === null) {
      await expect(world.deployed(wanting(line))).rejects.toThrow(/line 2/)
      return
    }
    const made = await world.packaged(wanting(line))
    expect(made).toMatchObject({ status: 'FAILED', statusDetail: expect.stringMatching(message), archiveObjectId: null })
    expect(made.statusDetail!.length).toBeLessThan(2_500)
    const [deployment] = await world.datasources.catalog.deployments.byIds([made.deploymentId])
    expect(deployment).toMatchObject({ status: 'FAILED', statusDetail: made.statusDetail })
  })

  test('without Python, and without pip', async () => {
    const world = await openWorld()
    const noPython = await world.packaged('six', [], { python: 'no-such-python' })
    expect(noPython).toMatchObject({
      status: 'FAILED',
      statusDetail: expect.stringMatching(/"no-such-python" does not start.*DHUO_PYTHON/),
    })
    const noRuntime = await world.packaged('six', [], { python: 'no-such-python', runtime: null })
    expect(noRuntime).toMatchObject({ status: 'FAILED', statusDetail: expect.stringMatching(/Python 3 is not there/) })
    const python = join(world.directory, 'python-without-pip')
    await writeFile(python, '#!/bin/sh\nexec python3 -I -S "$@"\n')
    await chmod(python, 0o755)
    expect(await world.packaged('six', [], { python })).toMatchObject({
      status: 'FAILED',
      statusDetail: expect.stringMatching(/has no pip/),
    })
  })

  withPip('without the password of the index in what it says', async () => {
    const world = await openWorld()
    const secret = indexUrl.replace('http://', 'http://user:s3cret@')
    const environment = {
      ...settings.environment,
      PIP_INDEX_URL: secret,
      PIP_EXTRA_INDEX_URL: 'http://user:s3cret@127.0.0.1:1/simple',
    }
    const made = await world.packaged('no-such-package', [], { environment })
    expect(made.status).toBe('FAILED')
    expect(JSON.stringify(made)).not.toContain('s3cret')
  })

  withPip('when pip takes too long, and leaves nothing running or lying about', async () => {
    const world = await openWorld()
    const before = await readdir(tmpdir())
    let release: () => void = () => {}
    index.hold = new Promise((resolve) => (release = resolve))
    const started = Date.now()
    const made = await world.packaged(wanting('tiny-lib'), [], { timeoutMs: 3_000 }).finally(() => {
      index.hold = null
      release()
    })
    expect(made).toMatchObject({ status: 'FAILED', statusDetail: expect.stringMatching(/within 3 s/) })
    expect(Date.now() - started).toBeLessThan(10_000)
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('dhuo-packaging-') && !before.includes(name))
    expect(left).toEqual([])
  })

  const bad: [what: string, name: string, content: () => Buffer, message: RegExp][] = [
    [
      'a name that leads upwards',
      'x.zip',
      () => zipOf([{ name: '../../etc/cron.d/x', content: 'x' }]),
      /leads elsewhere|cannot be read/,
    ],
    ['a name from the root', 'x.zip', () => zipOf([{ name: '/etc/passwd', content: 'x' }]), /leads elsewhere|cannot be read/],
    [
      'a name upwards in the middle',
      'x.zip',
      () => zipOf([{ name: 'a/../../x', content: 'x' }]),
      /leads elsewhere|cannot be read/,
    ],
    ['a name with a backslash', 'x.zip', () => zipOf([{ name: '..\\x', content: 'x' }]), /leads elsewhere|cannot be read/],
    ['a name with a drive', 'x.zip', () => zipOf([{ name: 'C:/x', content: 'x' }]), /leads elsewhere|cannot be read/],
    ['a link', 'x.zip', () => zipOf([{ name: 'x', content: '/etc/passwd', mode: 0o120777 }]), /a link or a device/],
    [
      'upwards in a wheel',
      'x-1-py3-none-any.whl',
      () => zipOf([{ name: 'x-1.data/purelib/../../../y', content: 'x' }]),
      /leads elsewhere|cannot be read/,
    ],
    ['no ZIP at all', 'x.zip', () => Buffer.from('this is no zip'), /no ZIP file/],
    [
      'half a ZIP',
      'x.zip',
      () => zipOf([{ name: 'x', content: 'x'.repeat(100_000) }]).subarray(40),
      /no ZIP|cannot be read|damaged/,
    ],
    [
      'a wheel for another Python',
      'x-1-cp39-cp39-manylinux2014_x86_64.whl',
      () => wheelOf('x', '1', {}),
      /does not fit: scripts run on Python 3\.11 on linux x86_64/,
    ],
    ['a wheel for another processor', 'x-1-cp311-cp311-manylinux2014_aarch64.whl', () => wheelOf('x', '1', {}), /does not fit/],
    ['a wheel for a newer Linux', 'x-1-cp311-cp311-manylinux_2_40_x86_64.whl', () => wheelOf('x', '1', {}), /does not fit/],
    ['a wheel for another system', 'x-1-py3-none-win_amd64.whl', () => wheelOf('x', '1', {}), /does not fit/],
    [
      'a file that is a directory too',
      'x.zip',
      () =>
        zipOf([
          { name: 'x', content: 'x' },
          { name: 'x/y', content: 'y' },
        ]),
      /a file and a directory/,
    ],
    [
      'a name that is there twice',
      'x.zip',
      () =>
        zipOf([
          { name: 'x', content: '1' },
          { name: 'x', content: '2' },
        ]),
      /both bring/,
    ],
  ]
  test.each(bad)('for a library with %s', async (_, name, content, message) => {
    const world = await openWorld()
    const made = await world.packaged(null, [await world.put(name, content())])
    expect(made).toMatchObject({ status: 'FAILED', statusDetail: expect.stringMatching(message), archiveObjectId: null })
  })

  test('for two libraries that bring the same file, and for sizes that lie', async () => {
    const world = await openWorld()
    const one = await world.put('one.zip', zipOf([{ name: 'm.py', content: '1' }]))
    const made = await world.packaged(null, [one, await world.put('m.py', '2')])
    expect(made).toMatchObject({ status: 'FAILED', statusDetail: expect.stringMatching(/one\.zip and m\.py both bring/) })
    const lying = zipOf([{ name: 'x', content: 'x'.repeat(100_000) }])
    const at = lying.indexOf(Buffer.from('504b0102', 'hex')) + 24
    lying.writeUInt32LE(10, at)
    const lied = await world.packaged(null, [await world.put('lying.zip', lying)])
    expect(lied).toMatchObject({ status: 'FAILED', statusDetail: expect.stringMatching(/damaged/) })
  })

  test('for an archive beyond its bounds, or out of its layout', async () => {
    const world = await openWorld()
    const file = join(world.directory, 'checked.zip')
    const check = async (entries: { name: string; content: string }[], unpackedBytes = 1_000) => {
      await writeFile(file, zipOf(entries))
      return checkArchive(file, dataFlow, { bytes: 1e9, unpackedBytes }).then(
        () => 'fine',
        (error) => error.message,
      )
    }
    const fine = { name: `${site}/x.py`, content: 'x'.repeat(500) }
    expect(await check([fine])).toBe('fine')
    expect(await check([fine], 499)).toMatch(/more than 499 bytes/)
    for (const name of ['x.py', 'python/lib/python3.10/site-packages/x.py', 'java/a/b.jar', 'java/x.so', 'bin/sh', `${site}/`])
      expect(await check([fine, { name, content: 'x' }])).toMatch(/outside of its layout/)
  })
})

describe('packaging by several servers', () => {
  withPip('is done once, and done again by another when one stops or dies in the middle', async () => {
    const world = await openWorld()
    const key = await world.deployed(wanting('tiny-lib'))
    let release: () => void = () => {}
    index.hold = new Promise((resolve) => (release = resolve))
    const stopping = new AbortController()
    const first = world.run({}, stopping.signal)
    while (index.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await world.read(key)).packagingUntil).not.toBeNull()
    // Somebody else looks meanwhile: there is nothing to do.
    await world.run()
    expect((await world.read(key)).status).toBe('PACKAGING')
    stopping.abort()
    await first
    expect(await world.read(key)).toMatchObject({ status: 'PACKAGING', packagingUntil: null })
    // And one that was killed: its lease is still there, and over.
    await world.datasources.catalog.deploymentVersions.holdPackaging(await world.read(key), '2026-01-01T00:00:00.000Z')
    index.hold = null
    release()
    await Promise.all([world.run(), world.run(), world.run()])
    expect(await world.read(key)).toMatchObject({ status: 'READY', packagingUntil: null })
  })

  test('an older version that is packaged later says nothing of the newest; a deleted deployment stays deleted', async () => {
    const world = await openWorld()
    const old = await world.deployed(null, [await world.put('bad.zip', 'no zip')])
    const newest = await world.deployed(null, [await world.put('good.py', 'x = 1')])
    await world.run()
    expect([(await world.read(old)).status, (await world.read(newest)).status]).toEqual(['FAILED', 'READY'])
    const { deployments } = world.datasources.catalog
    expect((await deployments.byIds([old.id]))[0]).toMatchObject({ version: 2, status: 'READY', statusDetail: null })
    await world.deployed(null, [await world.put('other.py', 'x = 1')])
    await deployments.delete(old.id, new Date().toISOString())
    await world.run()
    expect((await deployments.byIds([old.id]))[0]).toMatchObject({ status: 'DELETED' })
  })
})
