import { type OciServiceAddress, takeAddress } from './oci-config.js'

export const clusterSizes = ['SMALL', 'MEDIUM', 'LARGE'] as const
export type ClusterSize = (typeof clusterSizes)[number]

/** A machine of OCI Compute. https://docs.oracle.com/iaas/Content/Compute/References/computeshapes.htm */
export interface MachineShape {
  name: string
  /** Of a flexible shape, whose name ends in `.Flex`; null for the others. */
  flex: { ocpus: number; memoryInGBs: number } | null
}

export interface DataFlowCluster {
  driver: MachineShape
  executor: MachineShape
  executors: number
}

/** A place in Object Storage. */
export interface BucketPlace {
  bucket: string
  namespace: string
  /** Of object names; empty, or ends in a slash. */
  prefix: string
}

export interface DataFlowConfig {
  scheme: 'oci-dataflow'
  /** OCID of the compartment (or tenancy) of applications and runs. */
  compartment: string
  address: OciServiceAddress
  sparkVersion: string
  /** The Python of that version of Spark, and the processor that it runs on. */
  pythonVersion: readonly [number, number]
  machine: 'x86_64' | 'aarch64'
  /** Where scripts and archives are put, and what runs print when they cannot reach this server. */
  files: BucketPlace
  /** Where Data Flow puts its logs. `oci://<bucket>@<namespace>/…` */
  logsUri: string
  logsBucket: string
  poolId: string | null
  privateEndpointId: string | null
  sizes: Readonly<Record<ClusterSize, DataFlowCluster>>
  /** Between two looks at the states of runs, at least and at most. */
  poll: { leastMs: number; mostMs: number }
  /** Spark properties of every run. */
  spark: Readonly<Record<string, string>>
}

/** https://docs.oracle.com/iaas/data-flow/using/spark-runtime.htm; another one is given with its Python: `spark=3.6.0&python=3.12`. */
const pythonOf: Readonly<Record<string, readonly [number, number]>> = { '3.5.0': [3, 11], '3.2.1': [3, 8] }

const usualShape = 'VM.Standard.E4.Flex'
const usualSizes: Readonly<Record<ClusterSize, { ocpus: number; executors: number }>> = {
  SMALL: { ocpus: 1, executors: 1 },
  MEDIUM: { ocpus: 2, executors: 2 },
  LARGE: { ocpus: 4, executors: 4 },
}

/**
 * `oci-dataflow://<compartment>?files=oci://<bucket>@<namespace>/<prefix>&…`
 * @returns what the URL says, or what is wrong with it
 */
export function dataFlowOf(url: string): DataFlowConfig | string {
  const [, compartment, search] = /^oci-dataflow:\/\/([^/?]*)\/?(?:\?(.*))?$/s.exec(url) ?? []
  if (compartment === undefined || !/^ocid1\.(compartment|tenancy)\.[\w.-]+$/.test(compartment))
    return 'must name a compartment by its OCID: oci-dataflow://ocid1.compartment.…?files=oci://<bucket>@<namespace>/'
  const query = new Map(new URLSearchParams(search))
  const take = (name: string): string | undefined => {
    const value = query.get(name)
    query.delete(name)
    return value
  }
  const address = takeAddress(query)
  if (typeof address === 'string') return address
  const files = placeOf(take('files') ?? '')
  if (!files) return 'must say where files are kept: files=oci://<bucket>@<namespace>/<prefix>'
  const logs = take('logs')
  if (logs !== undefined && !placeOf(logs)) return 'has logs that are not oci://<bucket>@<namespace>/<prefix>'
  const sparkVersion = take('spark') ?? '3.5.0'
  const pythonVersion = pythonFor(sparkVersion, take('python'))
  if (!pythonVersion) return 'does not know the Python of that version of Spark: say it, for example &python=3.12'
  const poolId = take('pool') ?? null
  const privateEndpointId = take('privateEndpoint') ?? null
  for (const [name, id] of Object.entries({ pool: poolId, privateEndpoint: privateEndpointId }))
    if (id !== null && !/^ocid1\.\w+\.[\w.-]+$/.test(id)) return `${name} must be an OCID`
  const poll = pollOf(take('poll') ?? '2-30')
  if (!poll) return 'poll is <seconds>-<seconds>, at least 0.05 and at most 300: poll=2-30'
  const sizes = sizesOf(take)
  if (typeof sizes === 'string') return sizes
  const machines = new Set(clusterSizes.map((size) => (/\.A\d/.test(sizes[size].driver.name) ? 'aarch64' : 'x86_64')))
  if (machines.size > 1) return 'must have shapes of one kind of processor: a deployment has one archive for all sizes'
  const [machine = 'x86_64'] = machines
  const spark: Record<string, string> = {}
  for (const [name, value] of query) {
    if (!/^(spark|dataflow)\.[\w.-]+$/.test(name))
      return 'knows files, logs, spark, python, pool, privateEndpoint, poll, region, endpoint, SMALL.driver, SMALL.executor, SMALL.executors (MEDIUM, LARGE), spark.<name> and dataflow.<name>, and nothing else'
    spark[name] = value
  }
  const logsUri = logs ?? `oci://${files.bucket}@${files.namespace}/${files.prefix}logs/`
  const logsBucket = placeOf(logsUri)!.bucket
  const scheme = 'oci-dataflow' as const
  const runtime = { sparkVersion, pythonVersion, machine } as const
  return { scheme, compartment, address, ...runtime, files, logsUri, logsBucket, poolId, privateEndpointId, sizes, poll, spark }
}

function placeOf(uri: string): BucketPlace | null {
  const [, bucket, namespace, path] = /^oci:\/\/([\w.-]{1,256})@([\w-]+)\/?([\w!.*'()/-]*)$/.exec(uri) ?? []
  if (bucket === undefined || namespace === undefined || path === undefined) return null
  const prefix = path.replace(/^\/+|\/+$/g, '')
  return { bucket, namespace, prefix: prefix === '' ? '' : `${prefix}/` }
}

function pythonFor(sparkVersion: string, given: string | undefined): readonly [number, number] | null {
  if (given === undefined) return pythonOf[sparkVersion] ?? null
  const [, major, minor] = /^(3)\.(\d{1,2})$/.exec(given) ?? []
  return major === undefined ? null : [Number(major), Number(minor)]
}

function pollOf(text: string): DataFlowConfig['poll'] | null {
  const [, least, most] = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text) ?? []
  const poll = { leastMs: Number(least) * 1_000, mostMs: Number(most) * 1_000 }
  return poll.leastMs >= 50 && poll.leastMs <= poll.mostMs && poll.mostMs <= 300_000 ? poll : null
}

function sizesOf(take: (name: string) => string | undefined): Record<ClusterSize, DataFlowCluster> | string {
  const sizes: Partial<Record<ClusterSize, DataFlowCluster>> = {}
  for (const size of clusterSizes) {
    const usual = usualSizes[size]
    const usualMachine = `${usualShape}:${usual.ocpus}:${usual.ocpus * 16}`
    const driverText = take(`${size}.driver`)
    const driver = machineOf(driverText ?? usualMachine)
    const executor = machineOf(take(`${size}.executor`) ?? driverText ?? usualMachine)
    const executors = Number(take(`${size}.executors`) ?? usual.executors)
    if (!driver || !executor)
      return `${size}.driver and ${size}.executor are <shape>, or for a flexible shape <shape>:<ocpus>:<GB of memory>, for example ${usualMachine}`
    if (!(Number.isInteger(executors) && executors >= 1 && executors <= 1_000))
      return `${size}.executors must be between 1 and 1000`
    if (familyOf(driver) !== familyOf(executor)) return `${size}: Data Flow wants driver and executor of one family of shapes`
    sizes[size] = { driver, executor, executors }
  }
  return sizes as Record<ClusterSize, DataFlowCluster>
}

function machineOf(text: string): MachineShape | null {
  const [, name = '', ocpus, memory] = /^((?:VM|BM)\.[\w.]+)(?::(\d+(?:\.\d+)?):(\d+(?:\.\d+)?))?$/.exec(text) ?? []
  const isFlexible = name.endsWith('.Flex')
  if (name === '' || isFlexible !== (ocpus !== undefined)) return null
  return { name, flex: isFlexible ? { ocpus: Number(ocpus), memoryInGBs: Number(memory) } : null }
}

/** `VM.Standard.E4.Flex` is of E4, `VM.Standard2.4` of Standard2. */
const familyOf = ({ name }: MachineShape): string => name.replace(/\.(Flex|\d+)$/, '')
