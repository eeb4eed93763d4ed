import { z } from 'zod'
import { isOcid, type OciServiceAddress, takeAddress } from './oci-config.js'
import { type Environment, inheritedFrom } from './script-environment.js'

/** What the text says, or a problem when that is a string. */
const parsedBy = <T extends object>(parse: (text: string) => T | string) =>
  z.string().transform((text, check) => {
    const value = parse(text)
    if (typeof value !== 'string') return value
    check.addIssue(value)
    return z.NEVER
  })

export const functionsSettings = {
  DHUO_FUNCTIONS_URL: parsedBy(functionsOf).prefault('local:'),
  DHUO_FUNCTION_TIMEOUT_MS: z.coerce.number().int().min(1).max(300_000).default(30_000),
  DHUO_FUNCTIONS_AT_ONCE: z.coerce.number().int().min(1).max(1_000).optional(),
  DHUO_ARCHIVE_FUNCTION: parsedBy(archiveFunctionOf).optional(),
}

interface OciApplication {
  scheme: 'oci-functions'
  /** OCID. */
  application: string
  /** Of every function, in the registry of the application's region. */
  image: string
  /** Where the files of handlers are handed over. */
  bucket: string
  memoryMb: number
  /** Containers of each function that are kept warm, and paid for, all the time. */
  provisioned: number
  address: OciServiceAddress
}

export interface ArchiveFunctionConfig {
  /** OCID. */
  function: string
  /** Where it puts what it built. */
  bucket: string
  address: OciServiceAddress
}

export interface LocalFunctionsConfig {
  scheme: 'local'
  /** Holds the files of warm handlers. */
  directory: string
  python: string
  /** As for jobs. */
  inherited: Readonly<Record<string, string>>
  /** Of one call, from the time when the handler has its rows. */
  timeoutMs: number
  /** Handlers that are kept warm; each is a process. */
  workersAtOnce: number | null
  /** A handler that was not called for so long is ended. */
  idleMs: number
}

export interface OciFunctionsConfig extends OciApplication {
  /** As above. */
  timeoutMs: number
  /** Calls under way at the same time; others wait. */
  callsAtOnce: number | null
}
export type FunctionsConfig = LocalFunctionsConfig | OciFunctionsConfig

/** https://docs.oracle.com/iaas/Content/Functions/Tasks/functionscustomizing.htm */
const memorySizes = [128, 256, 512, 1024, 2048, 3072]
const bucketName = /^[\w.-]{1,256}$/
const imageName = /^[\w.-]+(\/[\w.-]+)+(:[\w.-]+|@sha256:[0-9a-f]{64})$/

function functionsOf(url: string): { scheme: 'local' } | OciApplication | string {
  if (url === 'local:') return { scheme: 'local' }
  const [, application = '', text = ''] = /^oci-functions:\/\/([^/?]+)(?:\?(.*))?$/s.exec(url) ?? []
  if (application === '') return 'must be local: or oci-functions://<OCID of an application>?image=<image>&bucket=<bucket>'
  if (!isOcid(application, 'fnapp')) return 'must name an application of OCI Functions by its OCID, ocid1.fnapp.…'
  const query = new Map(new URLSearchParams(text))
  const address = takeAddress(query)
  if (typeof address === 'string') return address
  const { image = '', bucket = '', memoryMb = '1024', provisioned = '0', ...unknown } = Object.fromEntries(query)
  if (Object.keys(unknown).length > 0) return 'knows image, bucket, memoryMb, provisioned, region and endpoint'
  if (!imageName.test(image))
    return 'needs image=<registry>/<namespace>/<name>:<tag>, the image that docs/oci-functions.md tells how to build'
  if (!bucketName.test(bucket)) return 'needs bucket=<bucket>, where the files of handlers are handed over'
  if (!memorySizes.includes(Number(memoryMb))) return `memoryMb must be one of ${memorySizes.join(', ')}`
  if (!/^\d{1,3}$/.test(provisioned)) return 'provisioned must be a number of containers, 0 to 999'
  return {
    scheme: 'oci-functions',
    application,
    image,
    bucket,
    address,
    memoryMb: Number(memoryMb),
    provisioned: Number(provisioned),
  }
}

function archiveFunctionOf(text: string): ArchiveFunctionConfig | string {
  const [id = '', more = ''] = text.split('?', 2)
  if (!isOcid(id, 'fnfunc')) return 'must be <OCID of a function>?bucket=<bucket>, ocid1.fnfunc.…'
  const query = new Map(new URLSearchParams(more))
  const address = takeAddress(query)
  if (typeof address === 'string') return address
  const { bucket = '', ...unknown } = Object.fromEntries(query)
  if (Object.keys(unknown).length > 0) return 'knows bucket, region and endpoint'
  if (!bucketName.test(bucket)) return 'needs bucket=<bucket>, where the function puts what it built'
  return { function: id, bucket, address }
}

export const functionsConfig = (
  settings: z.infer<z.ZodObject<typeof functionsSettings>> & { DHUO_PYTHON: string },
  home: string,
  env: Environment,
): FunctionsConfig => {
  const { DHUO_FUNCTIONS_URL: chosen, DHUO_FUNCTION_TIMEOUT_MS: timeoutMs, DHUO_FUNCTIONS_AT_ONCE: atOnce = null } = settings
  if (chosen.scheme === 'oci-functions') return { ...chosen, timeoutMs, callsAtOnce: atOnce }
  return {
    scheme: 'local',
    directory: home,
    python: settings.DHUO_PYTHON,
    inherited: inheritedFrom(env),
    timeoutMs,
    workersAtOnce: atOnce,
    idleMs: 600_000,
  }
}
