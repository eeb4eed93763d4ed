// Looks at the jobs of this machine: a small script runs to its end as the steps of pipelines do.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import type { LocalComputeConfig } from '../../config/compute-config.js'
import { type Diagnosis, look } from '../../diagnosis/finding.js'
import { DhuoError } from '../../errors.js'
import type { JobRunner } from './job-runner.js'
import { LocalJobCommands } from './local-job-command.js'
import { openLocalJobRunner } from './local-job-runner.js'

const run = promisify(execFile)
const words = 'the doctor was here'

export const diagnoseLocalJobRunner = (config: LocalComputeConfig): Diagnosis =>
  async function* (signal) {
    // Python scripts by themselves also where Spark runs the others: its start takes longer than anybody waits here.
    yield await look('job', () => runScript({ ...config, scheme: 'local', spark: null }, signal), mendPython, 20_000)
    if (config.spark) yield await look('spark-submit', () => askSpark(config), mendSpark, 30_000)
  }

async function runScript(config: LocalComputeConfig, signal: AbortSignal): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-doctor-'))
  let runner: JobRunner | null = null
  try {
    runner = await openLocalJobRunner({ ...config, directory })
    const script = `print(${JSON.stringify(words)})\n`
    const { jobId } = await runner.submit({
      key: 'doctor',
      mayBeKnown: false,
      displayName: 'doctor',
      script: { name: 'doctor.py', localFile: null, sha256: null, open: async () => Readable.from([script]) },
      ...{ arguments: [], archive: null, application: null, environment: {}, cluster: 'SMALL', timeoutSeconds: 15 },
    })
    const lines: string[] = []
    for await (const event of runner.watch(jobId, signal)) {
      if (event.type === 'lines') lines.push(...event.lines.map(({ text }) => text))
      else if (event.type === 'status' && event.status.state === 'FAILED')
        throw new DhuoError('PRECONDITION_FAILED', `A script failed: ${event.status.detail} ${lines.join('\n')}`)
    }
    if (!lines.includes(words)) throw new DhuoError('PRECONDITION_FAILED', 'A script ran, and nothing was heard of it.')
    return 'a script ran and its output came'
  } finally {
    await runner?.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function askSpark(config: LocalComputeConfig): Promise<string> {
  const file = new LocalJobCommands(config).sparkSubmit()
  const { stdout, stderr } = await run(file, ['--version'], {
    env: { ...config.inherited, HOME: homedir() },
    timeout: 25_000,
  })
  const version = /version (\d[\w.-]*)/.exec(stdout + stderr)?.[1]
  return `${file}${version ? `, Spark ${version}` : ''}; master ${config.spark!.master}`
}

const mendPython = (): string =>
  'Install Python 3 (apt-get install python3, dnf install python3.11), or set DHUO_PYTHON to the path of one.'

const mendSpark = (): string =>
  'Install Spark 3.5 and Java 17, and set SPARK_HOME and JAVA_HOME, or put spark-submit on the PATH; or set DHUO_COMPUTE_URL=local: to run without Spark.'
