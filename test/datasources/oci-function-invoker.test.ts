import type { OciFunctionsConfig } from '../../src/config/functions-config.js'
import { readConfig } from '../../src/config.js'
import type { FunctionDefinition, FunctionInvoker } from '../../src/datasources/functions/function-invoker.js'
import { openOciFunctionInvoker } from '../../src/datasources/functions/oci-function-invoker.js'
import { createLogger } from '../../src/logger.js'
import { fileOf, functionInvokerContract, handlerOf, noModel, times } from '../contracts/function-invoker-contract.js'
import { createBucketIn } from '../oci/create-bucket-in.js'
import { FunctionsService } from '../oci/functions-service.js'
import { objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import type { OciFault } from '../oci/oci-faults.js'
import { settingsFor } from '../oci/oci-settings.js'

const silent = createLogger('silent')

async function startWorld() {
  const objects = objectStorageService()
  const functions = new FunctionsService({ url: () => double.url })
  const double: OciDouble = await startOciDouble(functions, objects)
  const settings = await settingsFor(double)
  await createBucketIn(double, 'handoff')
  const url = `oci-functions://${functions.application}?image=${functions.image}&bucket=handoff`
  const config = readConfig({ DHUO_FUNCTIONS_URL: url }).functions as OciFunctionsConfig
  const opened: FunctionInvoker[] = []
  return {
    ...{ double, functions },
    bucket: objects.state.buckets.get('handoff')!,
    async open(over: Partial<OciFunctionsConfig> = {}, log = silent): Promise<FunctionInvoker> {
      const invoker = await openOciFunctionInvoker({ ...config, ...over }, settings, log)
      opened.push(invoker)
      return invoker
    },
    async close() {
      for (const invoker of opened) await invoker.close()
      await double.close()
    },
  }
}

functionInvokerContract('oci-functions', async () => {
  const world = await startWorld()
  return { invoker: await world.open(), close: world.close }
})

describe('functions of OCI', () => {
  let world: Awaited<ReturnType<typeof startWorld>>
  beforeAll(async () => {
    world = await startWorld()
  })
  beforeEach(() => {
    world.double.faults.clear()
    world.double.requests.length = 0
    world.functions.started = 0
  })
  afterAll(() => world.close())

  const ask = (invoker: FunctionInvoker, definition: FunctionDefinition, ...rows: unknown[]) =>
    invoker.invoke(definition, rows, new AbortController().signal)
  const goWrong = (...faults: OciFault[]) => world.double.faults.add(...faults)
  const refuse = (status: number, code: string, times = 1) =>
    goWrong({ operation: 'invokeFunction', times, refuse: { status, code } })
  const calls = (operation: string) => world.double.calls(operation)

  test('of two servers that ask for the same handler at once one function comes, with its files once, and both answer', async () => {
    const [one, two] = [await world.open(), await world.open()]
    const handler = handlerOf(times)
    expect(await Promise.all([ask(one, handler, 1), ask(two, handler, 2), ask(one, handler, 3)])).toEqual([[3], [6], [9]])
    const [held] = [...world.functions.functions.values()]
      .filter(({ details }) => details['freeformTags'] !== undefined)
      .slice(-1)
    expect(held!.details).toMatchObject({
      freeformTags: { 'dhuo-key': handler.key, 'dhuo-name': handler.displayName },
      memoryInMBs: 1024,
      timeoutInSeconds: 300,
    })
    expect((await one.keys()).filter((key) => key === handler.key)).toHaveLength(1)
  })

  test('a server that comes later takes what is there: nothing is made and nothing is sent again', async () => {
    const handler = handlerOf(times)
    const first = await world.open()
    await ask(first, handler, 1)
    world.double.requests.length = 0
    const unreadable = { ...handler, script: { ...handler.script, open: () => Promise.reject(new Error('not again')) } }
    expect(await ask(await world.open(), unreadable, 2)).toEqual([6])
    expect([calls('createFunction'), calls('putObject'), calls('updateFunction')]).toEqual([0, 0, 0])
    expect(world.functions.started).toBe(1)
  })

  test('settings that have changed change the function, in place', async () => {
    const handler = handlerOf(times)
    await ask(await world.open(), handler, 1)
    expect(await ask(await world.open({ memoryMb: 2048, provisioned: 1 }), handler, 2)).toEqual([6])
    expect([calls('createFunction'), calls('updateFunction')]).toEqual([1, 1])
    expect([...world.functions.functions.values()].at(-1)!.details).toMatchObject({
      memoryInMBs: 2048,
      provisionedConcurrencyConfig: { strategy: 'CONSTANT', count: 1 },
    })
  })

  test('an answer to its making that is lost makes no second one', async () => {
    goWrong({ operation: 'createFunction', reset: 'after' })
    const invoker = await world.open()
    const handler = handlerOf(times)
    expect(await ask(invoker, handler, 1)).toEqual([3])
    expect(calls('createFunction')).toBe(1)
    expect((await invoker.keys()).filter((key) => key === handler.key)).toHaveLength(1)
  })

  test('one that is still being made is waited for', async () => {
    world.functions.creatingMs = 1_500
    expect(await ask(await world.open(), handlerOf(times), 1)).toEqual([3])
    world.functions.creatingMs = 0
    expect(calls('getFunction')).toBeGreaterThan(1)
  })

  test('what is released leaves nothing behind; a server that is closed leaves no URL behind', async () => {
    const invoker = await world.open()
    const before = { functions: world.functions.names.length, objects: world.bucket.objects.size }
    const [handler, other] = [handlerOf(times), handlerOf(times)]
    await ask(invoker, handler, 1)
    await ask(invoker, other, 1)
    expect(world.functions.names).toHaveLength(before.functions + 2)
    await invoker.release(handler.key)
    await invoker.release(handler.key)
    expect(world.functions.names).toHaveLength(before.functions + 1)
    expect(await invoker.keys()).not.toContain(handler.key)
    const urls = world.bucket.pars.size
    await invoker.close()
    expect(world.bucket.pars.size).toBe(urls - 1)
    await (await world.open()).release(other.key)
    expect(world.functions.names).toHaveLength(before.functions)
    expect(world.bucket.objects.size).toBe(before.objects)
  })

  test('a function that somebody has deleted is made again; files whose URL has expired are given another', async () => {
    const invoker = await world.open()
    const handler = handlerOf(times)
    await ask(invoker, handler, 1)
    await (await world.open()).release(handler.key)
    expect(await ask(invoker, handler, 2)).toEqual([6])
    world.functions.freeze()
    world.bucket.pars.clear()
    expect(await ask(invoker, handler, 3)).toEqual([9])
  })

  test('URLs that a killed server left are deleted once they have expired; those of others are not', async () => {
    const left = { id: 'left', secret: 's', accessType: 'AnyObjectRead', objectName: 'functions/x/', bucketListingAction: 'Deny' }
    const old = { created: new Date(0), expires: new Date(1) }
    const { pars } = world.bucket
    pars.set('expired', { ...left, ...old, id: 'expired', name: 'dhuo-functions-x-' })
    pars.set('alive', { ...left, ...old, id: 'alive', name: 'dhuo-functions-y-', expires: new Date(Date.now() + 60_000) })
    pars.set('other', { ...left, ...old, id: 'other', name: 'of-somebody-else' })
    const invoker = await world.open()
    await ask(invoker, handlerOf(times), 1)
    await invoker.close()
    expect(['expired', 'alive', 'other'].map((id) => pars.has(id))).toEqual([false, true, true])
    pars.delete('alive')
    pars.delete('other')
  })

  test('prepared, it is loaded before anybody asks', async () => {
    const invoker = await world.open()
    const handler = handlerOf(times)
    await invoker.prepare(handler)
    expect(await invoker.keys()).toContain(handler.key)
    expect(world.functions.started).toBe(1)
    world.double.requests.length = 0
    expect(await ask(invoker, handler, 1)).toEqual([3])
    expect(world.double.requests.map(({ operation }) => operation)).toEqual(['invokeFunction'])
    expect(world.functions.started).toBe(1)
    await expect(invoker.prepare(handlerOf('import not_there'))).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('not_there'),
    })
  })

  test('a call that was turned away, or broke off, is made again', async () => {
    const invoker = await world.open()
    const handler = handlerOf(times)
    await invoker.prepare(handler)
    refuse(429, 'TooManyRequests', 2)
    expect(await ask(invoker, handler, 1)).toEqual([3])
    refuse(503, 'FunctionInvokeServiceUnavailable')
    expect(await ask(invoker, handler, 1)).toEqual([3])
    goWrong({ operation: 'invokeFunction', reset: 'after' })
    expect(await ask(invoker, handler, 1)).toEqual([3])
    refuse(502, 'FunctionInvokeExecutionFailed')
    expect(await ask(invoker, handler, 1)).toEqual([3])
  })

  test.each([
    [429, 'TooManyRequests', 3, 'BACKEND_UNAVAILABLE', /takes no more calls/],
    [502, 'FunctionInvokeExecutionFailed', 2, 'BACKEND_UNAVAILABLE', /more memory \(memoryMb/],
    [502, 'FunctionInvokeImageNotAvailable', 1, 'BACKEND_UNAVAILABLE', /image of DHUO_FUNCTIONS_URL/],
    [502, 'FunctionInvokeSubnetNotAvailable', 1, 'BACKEND_UNAVAILABLE', /subnet of the application/],
    [502, 'FunctionInvokeResponseBodyTooLarge', 1, 'BACKEND_UNAVAILABLE', /larger than OCI Functions takes/],
    [504, 'FunctionInvokeTimeout', 1, 'TIMEOUT', /longer than 300 seconds/],
    [504, 'FunctionInvokeImagePullTimeout', 2, 'BACKEND_UNAVAILABLE', /cannot start the image/],
    [413, 'FunctionInvokeRequestContentTooLarge', 1, 'BAD_USER_INPUT', /more than OCI Functions takes/],
    [401, 'NotAuthenticated', 1, 'BACKEND_UNAVAILABLE', /credentials/],
  ])('%i %s, however often it is asked (%i), is %s', async (status, serviceCode, most, code, said) => {
    const invoker = await world.open()
    const handler = handlerOf(times)
    refuse(status, serviceCode, most)
    const refusal = await ask(invoker, handler, 1).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code, message: expect.stringMatching(said) })
    if (code !== 'BAD_USER_INPUT') expect(refusal).toMatchObject({ details: { serviceCode, opcRequestId: expect.any(String) } })
    expect(calls('invokeFunction')).toBe(most)
    expect(await ask(invoker, handler, 1)).toEqual([3])
  })

  test('a call that takes too long is stopped, and the next is answered by the same container', async () => {
    const invoker = await world.open({ timeoutMs: 700 })
    const handler = handlerOf(`${noModel}def predict(model, rows):\n    while rows[0] == "hang": pass\n    return rows`)
    await expect(ask(invoker, handler, 'hang')).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'The handler took longer than 0.7 seconds and was stopped.',
    })
    expect(await ask(invoker, handler, 'fine')).toEqual(['fine'])
    expect(world.functions.started).toBe(1)
  })

  test('no more calls are under way than may be; who waits for too long is told', async () => {
    const invoker = await world.open({ callsAtOnce: 1, timeoutMs: 1_000 })
    const handler = handlerOf(`${noModel}import time\ndef predict(model, rows):\n    time.sleep(rows[0])\n    return rows`)
    await invoker.prepare(handler)
    const asked = await Promise.allSettled([0.6, 0.6, 0.1].map((seconds) => ask(invoker, handler, seconds)))
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect((asked[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'TIMEOUT' })
    expect(await ask(invoker, handler, 0)).toEqual([0])
  })

  test('what a function cannot hold is refused before it is made', async () => {
    const invoker = await world.open()
    const environment = { DHUO_PROJECT: 'x'.repeat(5_000) }
    await expect(ask(invoker, handlerOf(times, { environment }), 1)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
    const modelFiles = Array.from({ length: 2_000 }, (_, i) => fileOf(`${i}-${'n'.repeat(150)}`, '1'))
    await expect(ask(invoker, handlerOf(times, { modelFiles: modelFiles.slice(0, 3) }), 1)).rejects.toMatchObject({
      message: expect.stringContaining('factor.txt'),
    })
    expect(calls('createFunction')).toBe(1)
  })

  test('every call is logged with the id that Oracle Cloud gave it; no line holds a URL that opens files', async () => {
    const lines: string[] = []
    const invoker = await world.open({}, createLogger('debug', { write: (line) => void lines.push(line) }))
    await ask(invoker, handlerOf(times), 1)
    const operations = ['createFunction', 'putObject', 'createPreauthenticatedRequest', 'invokeFunction']
    for (const operation of operations) {
      const line = lines.map((each) => JSON.parse(each)).find((each) => each.operation === operation)
      expect(line).toMatchObject({ opcRequestId: expect.stringMatching(/.+\/.+/), status: 200 })
    }
    expect(lines.join('\n')).not.toContain('/p/')
  })

  test('it is not well when the application or the bucket is not there, or not to be used', async () => {
    const invoker = await world.open()
    await invoker.ping()
    world.functions.applicationState = 'INACTIVE'
    await expect(invoker.ping()).rejects.toMatchObject({ message: expect.stringContaining('INACTIVE') })
    world.functions.applicationState = 'ACTIVE'
    const unavailable = { code: 'BACKEND_UNAVAILABLE' }
    await expect((await world.open({ bucket: 'other' })).ping()).rejects.toMatchObject(unavailable)
    await expect(ask(await world.open({ bucket: 'other' }), handlerOf(times), 1)).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining("bucket named 'other'"),
    })
    const application = world.functions.application.replace(/.$/, '_')
    await expect((await world.open({ application })).ping()).rejects.toMatchObject(unavailable)
    await invoker.close()
    await expect(ask(invoker, handlerOf(times), 1)).rejects.toMatchObject({ message: 'The server is stopping.' })
  })
})
