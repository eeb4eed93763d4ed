import { execFile } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { promisify } from 'node:util'
import { begin } from './postgres-of-this-run.mjs'

export default async function beforeAllTests() {
  await begin()
  await findPython()
}

/** What stands on the PATH may be a script that looks for Python first (pyenv: 100 ms each time), and the tests start hundreds. */
async function findPython() {
  const { stdout } = await promisify(execFile)('python3', ['-c', 'import sys; print(sys.executable)']).catch(() => ({
    stdout: '',
  }))
  if (stdout) process.env.PATH = `${dirname(stdout.trim())}${delimiter}${process.env.PATH}`
}
