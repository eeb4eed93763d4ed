import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { OciFunctionsConfig } from '../../src/config/functions-config.js'
import { readConfig } from '../../src/config.js'
import { openOciArchiveBuilder } from '../../src/datasources/functions/oci-archive-builder.js'
import { openOciFunctionInvoker } from '../../src/datasources/functions/oci-function-invoker.js'
import { createLogger } from '../../src/logger.js'
import { functionInvokerContract } from '../contracts/function-invoker-contract.js'
import { wheelOf } from '../graphql/deployment-seed.js'
import { createBucketIn } from '../oci/create-bucket-in.js'
import { FunctionsService } from '../oci/functions-service.js'
import { objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import { settingsFor } from '../oci/oci-settings.js'
import { startPackageIndex } from '../operations/package-index.js'

const templates = join(import.meta.dirname, '..', '..', 'templates')

/** Oracle's FDK as the images have it, and what of its requirements it loads; null, and said, where it cannot be had. */
const fdk = ((): string | null => {
  const directory = mkdtempSync(join(tmpdir(), 'dhuo-fdk-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const packages = ['fdk==0.1.128', 'httptools', 'iso8601==0.1.12']
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--target', directory]
  const { status, stderr, error } = spawnSync('python3', ['-m', 'pip', 'install', ...options, ...packages], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status === 0) return directory
  console.warn(
    `skipped: the images are not tested with Oracle's FDK, for pip does not bring it (${error?.message ?? stderr.trim()})`,
  )
  return null
})()

const withFdk = fdk === null ? describe.skip : describe

withFdk('the images', () => {
  const start = async () => {
    const functions = new FunctionsService({ url: () => double.url, fdk: fdk! })
    const double: OciDouble = await startOciDouble(functions, objectStorageService())
    await createBucketIn(double, 'handoff')
    return { functions, double, oci: await settingsFor(double), log: createLogger('silent') }
  }

  functionInvokerContract("the image of handlers, under Oracle's FDK,", async () => {
    const { functions, double, oci, log } = await start()
    const url = `oci-functions://${functions.application}?image=${functions.image}&bucket=handoff`
    const invoker = await openOciFunctionInvoker(
      readConfig({ DHUO_FUNCTIONS_URL: url }).functions as OciFunctionsConfig,
      oci,
      log,
    )
    return {
      invoker,
      async close() {
        await invoker.close()
        await double.close()
      },
    }
  })

  test("the image of archives builds one under Oracle's FDK", async () => {
    const { functions, double, oci, log } = await start()
    const index = await startPackageIndex(new Map([['other-1.0-py3-none-any.whl', wheelOf('other', '1.0', { 'other.py': '' })]]))
    const config = { PIP_CONFIG_FILE: '/dev/null' }
    const id = functions.add({ displayName: 'archive', image: functions.archiveImage, detachedModeTimeoutInSeconds: 60, config })
    const address = { region: null, endpoint: null }
    const builder = await openOciArchiveBuilder({ function: id, bucket: 'handoff', address }, oci, log, { pollMs: 50 })
    const program =
      'import json, platform, sys; print(json.dumps([sys.version_info[:2], sys.platform, platform.machine().lower()]))'
    const [version, platform, machine] = JSON.parse(execFileSync('python3', ['-c', program], { encoding: 'utf8' }))
    const made = await builder.build(
      {
        key: 'one',
        requirements: `--index-url ${index.url}\nother\n`,
        without: [],
        runtime: { version, platform, machine },
        bounds: { bytes: 1e6, unpackedBytes: 1e6 },
      },
      new AbortController().signal,
    )
    expect(made.packages).toEqual(['other==1.0'])
    expect((await buffer(await made.open())).length).toBe(made.size)
    await builder.close()
    await double.close()
    await index.close()
  })
})

test.each(['oci-function', 'oci-archive-function'])('%s: what its Dockerfile copies and starts is there', async (name) => {
  const dockerfile = await readFile(join(templates, name, 'Dockerfile'), 'utf8')
  for (const [, files = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \.\/?$/gm))
    for (const file of files.split(' ')) expect((await readFile(join(templates, name, file))).length).toBeGreaterThan(0)
  expect(dockerfile).toContain('ENTRYPOINT ["/python/bin/fdk", "/function/func.py", "handler"]')
  expect(await readFile(join(templates, name, 'func.py'), 'utf8')).toMatch(/^def handler\(ctx, data=None\):$/m)
  expect(await readFile(join(templates, name, 'requirements.txt'), 'utf8')).toMatch(/^fdk==\d/)
})
