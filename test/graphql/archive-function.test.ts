import { createTestHub, type TestHub } from '../hub.js'
import { createBucketIn } from '../oci/create-bucket-in.js'
import { FunctionsService } from '../oci/functions-service.js'
import { objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import { type PackageIndex, startPackageIndex } from '../operations/package-index.js'
import { seedDeployments, wheelOf } from './deployment-seed.js'

let double: OciDouble
let functions: FunctionsService
const objects = objectStorageService()
let index: PackageIndex
const hubs: TestHub[] = []
beforeAll(async () => {
  functions = new FunctionsService({ url: () => double.url })
  double = await startOciDouble(functions, objects)
  await createBucketIn(double, 'handoff')
  index = await startPackageIndex(
    new Map([
      [
        'tiny_lib-2.0-py3-none-any.whl',
        wheelOf('tiny_lib', '2.0', {
          'tiny_lib/__init__.py': 'two = 2\n',
          'tiny_lib/__pycache__/__init__.cpython-311.pyc': 'compiled',
          'tiny_lib-2.0.data/scripts/tiny': '#!python\n',
          'tiny_lib-2.0.data/purelib/tiny_extra.py': 'extra = True\n',
        }),
      ],
      ['other-1.0-py3-none-any.whl', wheelOf('other', '1.0', { 'other.py': '', 'tiny_extra.py': 'the first keeps it\n' })],
    ]),
  )
})
afterAll(async () => {
  for (const hub of hubs) await hub.close()
  await double.close()
  await index.close()
})

async function open(settings: Record<string, string> = {}) {
  const hub = await createTestHub({ PIP_CONFIG_FILE: '/dev/null', PATH: process.env['PATH']!, HOME: '/tmp', ...settings })
  hubs.push(hub)
  return seedDeployments(hub)
}

test('what a function builds has the bytes that this machine would have built, with the libraries of the deployment in it', async () => {
  const id = functions.add({
    displayName: 'archive',
    image: functions.archiveImage,
    detachedModeTimeoutInSeconds: 60,
    config: { PIP_CONFIG_FILE: '/dev/null' },
  })
  const remote = await open({
    DHUO_ARCHIVE_FUNCTION: `${id}?bucket=handoff`,
    DHUO_OCI_CONFIG_FILE: await double.writeConfigFile(),
    DHUO_OCI_ENDPOINT: double.url,
  })
  const local = await open()
  const archives: { sha256: string; packages: string[] }[] = []
  for (const seeder of [remote, local]) {
    const wheel = await seeder.put('libs/own-1.0-py3-none-any.whl', wheelOf('own', '1.0', { 'own.py': 'mine = 1\n' }))
    const libraries = [wheel, await seeder.put('libs/module.py', 'm = 1\n')]
    const requirements = `--index-url ${index.url}\ntiny-lib\nother\n`
    const { id } = await seeder.deploy({ requirements, libraries })
    const { status, statusDetail, archive } = await seeder.settled(id)
    expect({ status, statusDetail }).toEqual({ status: 'READY', statusDetail: null })
    archives.push({ sha256: archive!.sha256, packages: archive!.packages })
  }
  expect(archives[0]).toEqual(archives[1])
  expect(archives[0]!.packages).toEqual(['other==1.0', 'own==1.0', 'tiny-lib==2.0'])
  expect([double.calls('invokeFunction'), functions.detached]).toEqual([1, 1])
  expect(objects.state.buckets.get('handoff')!.objects.size).toBe(0)

  const { id: hopeless } = await remote.deploy({ requirements: `--index-url ${index.url}\nnot-there\n` })
  expect(await remote.settled(hopeless)).toMatchObject({
    status: 'FAILED',
    statusDetail: expect.stringMatching(/No matching distribution found for not-there/),
  })
})
