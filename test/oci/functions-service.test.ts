import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FunctionsInvokeClient } from 'oci-functions'
import { openOciConnection } from '../../src/datasources/oci/oci-connection.js'
import { createLogger } from '../../src/logger.js'
import { eventually } from '../eventually.js'
import { FunctionsService } from './functions-service.js'
import { type OciDouble, startOciDouble } from './oci-double.js'
import { settingsFor } from './oci-settings.js'

/** Starts another process, in a session of its own, and then takes longer than anybody waits. */
const slow = `import subprocess, sys, time
def handler(ctx, data=None):
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, start_new_session=True)
    time.sleep(30)
`

let images: string
beforeAll(async () => {
  images = await mkdtemp(join(tmpdir(), 'dhuo-images-'))
  await mkdir(join(images, 'slow'))
  await writeFile(join(images, 'slow', 'func.py'), slow)
})
afterAll(() => rm(images, { recursive: true, force: true }))

/** Of a function: its containers, and what they started. */
async function processesOf(id: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
    if ((await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(`FN_FN_ID=${id}`)) found.push(pid)
  return found
}

async function open() {
  const functions: FunctionsService = new FunctionsService({ url: () => double.url, images: { slow: join(images, 'slow') } })
  const double: OciDouble = await startOciDouble(functions)
  const connection = await openOciConnection(await settingsFor(double), createLogger('silent'))
  const address = { region: null, endpoint: double.url }
  const client = connection.client(FunctionsInvokeClient, { service: 'Functions', address })
  const functionId = functions.add({ displayName: 'slow', image: 'slow' })
  const invoke = (fnInvokeType: string) =>
    client.invokeFunction({ functionId, fnInvokeType: fnInvokeType as never }).catch(() => null)
  return { functions, functionId, invoke, close: () => double.close().finally(() => connection.close()) }
}

test.each(['sync', 'detached'])('no container outlives the double, whatever it is at: a %s call', async (type) => {
  const { functionId, invoke, close } = await open()
  const calls = [1, 2].map(() => invoke(type))
  await eventually(async () => (await processesOf(functionId)).length > 1)
  await close()
  await Promise.all(calls)
  // What has a session of its own ends with its input.
  await eventually(async () => (await processesOf(functionId)).length === 0, 2_000)
  await sleep(200)
  expect(await processesOf(functionId)).toEqual([])
})

test('one that is only just starting is no exception', async () => {
  const { functions, functionId, invoke, close } = await open()
  const call = invoke('sync')
  await eventually(() => functions.started === 1)
  await close()
  await call
  await sleep(200)
  expect(await processesOf(functionId)).toEqual([])
})
