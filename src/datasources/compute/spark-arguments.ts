// The command line of spark-submit for one job: master, size of the cluster, jars, script.
import type { SparkConfig } from '../../config/compute-config.js'
import type { JobSubmission } from './job-runner.js'

/** What the sizes of a cluster mean where the URL says nothing else. */
const sizes: Record<JobSubmission['cluster'], Record<string, string>> = {
  SMALL: {
    'spark.driver.memory': '1g',
    'spark.executor.instances': '1',
    'spark.executor.cores': '1',
    'spark.executor.memory': '1g',
  },
  MEDIUM: {
    'spark.driver.memory': '2g',
    'spark.executor.instances': '2',
    'spark.executor.cores': '2',
    'spark.executor.memory': '4g',
  },
  LARGE: {
    'spark.driver.memory': '4g',
    'spark.executor.instances': '4',
    'spark.executor.cores': '4',
    'spark.executor.memory': '8g',
  },
}

/**
 * https://spark.apache.org/docs/latest/submitting-applications.html
 * @param program the script, perhaps behind what runs it
 */
export function sparkArguments(
  { master, conf, confBySize }: SparkConfig,
  { cluster, displayName, arguments: args }: JobSubmission,
  program: readonly string[],
  jars: readonly string[],
): string[] {
  const settings = { ...sizes[cluster], ...conf, ...confBySize[cluster] }
  return [
    ...['--master', master, '--name', displayName],
    ...Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
    ...(jars.length > 0 ? ['--jars', jars.join(',')] : []),
    ...program,
    ...args,
  ]
}
