import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { LocalComputeConfig } from '../../src/config/compute-config.js'
import { readConfig } from '../../src/config.js'
import type { JobFile, JobRunner, JobSubmission } from '../../src/datasources/compute/job-runner.js'
import { openLocalJobRunner } from '../../src/datasources/compute/local-job-runner.js'
import { submissionOf, type WatchedJob, watchJob } from '../contracts/job-runner-contract.js'

/** A script that is only a stream. */
export const scriptOf = (text: string, name = 'script.py'): JobFile => ({
  name,
  localFile: null,
  sha256: null,
  open: async () => Readable.from([Buffer.from(text)]),
})

export interface LocalJobs {
  home: string
  runner: JobRunner
  start(script: JobFile | string, more?: Partial<JobSubmission>): Promise<string>
  /** Runs a script to its end; a text is Python. */
  run(script: JobFile | string, more?: Partial<JobSubmission>): Promise<WatchedJob>
  close(): Promise<void>
}

/** What the default configuration has, and the PATH of this process. */
export const localConfig = (home: string, more: Partial<LocalComputeConfig> = {}): LocalComputeConfig => ({
  ...(readConfig({ DHUO_HOME: home, PATH: process.env['PATH'] }).compute as LocalComputeConfig),
  ...more,
})

/** A runner in a directory of its own. */
export async function openLocalJobs(
  more: Partial<LocalComputeConfig> = {},
  options: Parameters<typeof openLocalJobRunner>[1] = {},
): Promise<LocalJobs> {
  const home = await mkdtemp(join(tmpdir(), 'dhuo-jobs-'))
  const runner = await openLocalJobRunner(localConfig(home, more), options)
  const start: LocalJobs['start'] = async (script, given) =>
    (await runner.submit(submissionOf(typeof script === 'string' ? scriptOf(script) : script, given))).jobId
  return {
    home,
    runner,
    start,
    run: async (script, given) => watchJob(runner, await start(script, given)),
    async close() {
      await runner.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
