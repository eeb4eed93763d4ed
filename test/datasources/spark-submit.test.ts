import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import type { LocalComputeConfig } from '../../src/config/compute-config.js'
import { readConfig } from '../../src/config.js'
import { submissionOf } from '../contracts/job-runner-contract.js'
import { type LocalJobs, openLocalJobs, scriptOf } from './local-job-scripts.js'

const url = 'spark-submit:?master=spark://host:7077&spark.ui.enabled=false&LARGE.spark.executor.memory=32g'
const sparkOf = (computeUrl: string): Partial<LocalComputeConfig> => {
  const { scheme, spark } = readConfig({ DHUO_COMPUTE_URL: computeUrl }).compute as LocalComputeConfig
  return { scheme, spark }
}

/** Prints what it was called with, an argument a line, then runs the script as spark-submit would: last of its own options. */
const standIn = `#!/bin/sh
for word in "$@"; do echo "$word"; done
echo "python $PYSPARK_PYTHON"
exit \${EXIT:-0}
`

describe('the runner for spark-submit', () => {
  let directory: string
  let jobs: LocalJobs
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-spark-'))
    await mkdir(join(directory, 'bin'))
    await writeFile(join(directory, 'bin', 'spark-submit'), standIn)
    await chmod(join(directory, 'bin', 'spark-submit'), 0o755)
    jobs = await openLocalJobs({ ...sparkOf(url), inherited: { PATH: `${join(directory, 'bin')}:${process.env['PATH']}` } })
  })
  afterAll(async () => {
    await jobs.close()
    await rm(directory, { recursive: true })
  })

  test('is called what it is, and answers a ping', async () => {
    expect(jobs.runner.kind).toBe('spark-submit')
    await jobs.runner.ping()
  })

  test('hands the script to spark-submit with the master, the size of the cluster, and the arguments at the end', async () => {
    const { texts } = await jobs.run(scriptOf('', 'train.py'), { arguments: ['--rows', 'a b'], cluster: 'MEDIUM' })
    expect(texts.slice(0, 4)).toEqual(['--master', 'spark://host:7077', '--name', 'iris/classifier#1/train'])
    const script = texts.findIndex((text) => text.endsWith('/train.py'))
    expect(texts.slice(script + 1, -1)).toEqual(['--rows', 'a b'])
    const conf = texts.slice(4, script)
    expect(conf.filter((_, i) => i % 2 === 0)).toEqual(Array(conf.length / 2).fill('--conf'))
    expect(conf.filter((_, i) => i % 2 === 1)).toEqual([
      'spark.driver.memory=2g',
      'spark.executor.instances=2',
      'spark.executor.cores=2',
      'spark.executor.memory=4g',
      'spark.ui.enabled=false',
    ])
    expect(texts.at(-1)).toMatch(/^python \/.*python3?[\d.]*$/)
  })

  test('what the URL says of one size counts for that size only', async () => {
    const memoryOf = async (cluster: 'SMALL' | 'MEDIUM' | 'LARGE'): Promise<string | undefined> =>
      (await jobs.run('', { cluster })).texts.find((text) => text.startsWith('spark.executor.memory='))
    expect(await Promise.all([memoryOf('SMALL'), memoryOf('MEDIUM'), memoryOf('LARGE')])).toEqual([
      'spark.executor.memory=1g',
      'spark.executor.memory=4g',
      'spark.executor.memory=32g',
    ])
  })

  test('gives the jars of the archive', async () => {
    const zip = join(directory, 'archive.zip')
    execFileSync('python3', [
      '-c',
      'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n  for n in "ab": z.writestr(f"java/{n}.jar", "PK")\n  z.writestr("java/notes.txt", "x")',
      zip,
    ])
    const bytes = readFileSync(zip)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const { texts } = await jobs.run('', {
      archive: { name: 'archive.zip', localFile: zip, sha256, open: async () => Readable.from([bytes]) },
    })
    expect(texts[texts.indexOf('--jars') + 1]!.split(',').map((path) => basename(path))).toEqual(['a.jar', 'b.jar'])
  })

  test('ends as spark-submit ends', async () => {
    expect((await jobs.run('', { environment: { EXIT: '7' } })).last).toMatchObject({
      state: 'FAILED',
      detail: expect.stringContaining('exit code 7'),
    })
  })

  test('runs Node scripts without Spark', async () => {
    expect((await jobs.run(scriptOf('console.log("node")', 'x.mjs'))).texts).toEqual(['node'])
  })

  test('takes the one of SPARK_HOME before the one on the PATH', async () => {
    const home = join(directory, 'spark')
    await mkdir(join(home, 'bin'), { recursive: true })
    await writeFile(join(home, 'bin', 'spark-submit'), '#!/bin/sh\necho home')
    await chmod(join(home, 'bin', 'spark-submit'), 0o755)
    const other = await openLocalJobs({
      ...sparkOf(url),
      inherited: { PATH: `${join(directory, 'bin')}:${process.env['PATH']}`, SPARK_HOME: home },
    })
    expect((await other.run('')).texts).toEqual(['home'])
    await other.close()
  })

  test('without spark-submit is not healthy, refuses Python scripts and says what is missing', async () => {
    const bare = await openLocalJobs({ ...sparkOf(url), inherited: { PATH: '/nowhere:.' } })
    await expect(bare.runner.ping()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('spark-submit'),
    })
    await expect(bare.runner.submit(submissionOf(scriptOf('')))).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('SPARK_HOME'),
    })
    await bare.close()
  })
})
