import { z } from 'zod'
import { type DataFlowConfig, dataFlowOf } from './data-flow-url.js'
import { type Environment, inheritedFrom } from './script-environment.js'

export const computeSettings = {
  DHUO_COMPUTE_URL: z
    .string()
    .transform((url, check) => {
      const compute = computeOf(url)
      if (typeof compute !== 'string') return compute
      check.addIssue(compute)
      return z.NEVER
    })
    .prefault('local:'),
  DHUO_PYTHON: z.string().min(1).default('python3'),
  DHUO_JOBS_AT_ONCE: z.coerce.number().int().min(1).max(1_000).optional(),
  DHUO_JOB_MEMORY_MB: z.coerce.number().int().min(64).default(4096),
  DHUO_JOB_DISK_MB: z.coerce.number().int().min(1).default(10_240),
  DHUO_JOB_GRACE_SECONDS: z.coerce.number().min(0).max(600).default(5),
  DHUO_JOB_WRAPPER: z.enum(['on', 'off']).default('off'),
}

/** What the URL says, or what is wrong with it. */
function computeOf(url: string): SparkConfig | DataFlowConfig | null | string {
  if (url.startsWith('oci-dataflow:')) return dataFlowOf(url)
  const [, scheme, , query] = url.match(/^(local|spark-submit):(\?(.*))?$/s) ?? []
  if (scheme === 'local' && query === undefined) return null
  if (scheme !== 'spark-submit') return 'must be local:, spark-submit:?master=<master>, or oci-dataflow://<compartment>?…'
  const spark: SparkConfig = { master: '', conf: {}, confBySize: { SMALL: {}, MEDIUM: {}, LARGE: {} } }
  for (const [name, value] of new URLSearchParams(query)) {
    const [, size, setting] = name.match(/^(?:(SMALL|MEDIUM|LARGE)\.)?(spark\.[\w.-]+)$/) ?? []
    if (name === 'master') spark.master = value
    else if (setting === undefined)
      return 'knows master, spark.<name>, and SMALL.spark.<name>, MEDIUM.…, LARGE.… for one size of cluster'
    else (size === undefined ? spark.conf : spark.confBySize[size as keyof SparkConfig['confBySize']])[setting] = value
  }
  return spark.master === '' ? 'must be spark-submit:?master=<master>, for example spark-submit:?master=local[*]' : spark
}

export interface SparkConfig {
  /** As spark-submit takes it: `local[*]`, `spark://host:7077`, `yarn`. */
  master: string
  /** `spark.…` settings of every job. */
  conf: Record<string, string>
  /** On top of those, by the size of the cluster. */
  confBySize: Record<'SMALL' | 'MEDIUM' | 'LARGE', Record<string, string>>
}
export interface LocalComputeConfig {
  scheme: 'local' | 'spark-submit'
  /** Holds running jobs and unpacked archives. */
  directory: string
  /** Program that runs `.py` scripts: a name on the PATH or a path. */
  python: string
  /** Null: twice the processor's cores, at least 4. */
  jobsAtOnce: number | null
  /** Of one job, as are the next two. */
  memoryLimitMb: number
  diskLimitMb: number
  /** Between asking a job to end and killing it. */
  graceSeconds: number
  /** Variables of the server's environment that jobs see too; all others are kept from them. */
  inherited: Readonly<Record<string, string>>
  /** Python scripts run under the wrapper that runs on other machines have. */
  isWrapped: boolean
  /** Null: Python scripts run by themselves, without Spark. */
  spark: SparkConfig | null
}
export type ComputeConfig = LocalComputeConfig | DataFlowConfig

export function computeConfig(
  settings: z.infer<z.ZodObject<typeof computeSettings>>,
  home: string,
  env: Environment,
): ComputeConfig {
  const compute = settings.DHUO_COMPUTE_URL
  if (compute !== null && 'scheme' in compute) return compute
  return {
    scheme: compute === null ? 'local' : 'spark-submit',
    directory: home,
    python: settings.DHUO_PYTHON,
    jobsAtOnce: settings.DHUO_JOBS_AT_ONCE ?? null,
    memoryLimitMb: settings.DHUO_JOB_MEMORY_MB,
    diskLimitMb: settings.DHUO_JOB_DISK_MB,
    graceSeconds: settings.DHUO_JOB_GRACE_SECONDS,
    inherited: inheritedFrom(env),
    isWrapped: settings.DHUO_JOB_WRAPPER === 'on',
    spark: compute,
  }
}
