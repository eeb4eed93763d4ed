// Finds the wheels that a requirements.txt asks for, with pip, for the Python that scripts run on.
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DhuoError } from '../errors.js'
import { fitsRuntime, nameOfRuntime, type PythonRuntime, parseWheelName, platformTags } from '../python-runtime.js'
import { withoutCredentials } from '../requirements-text.js'
import { type ProgramEnd, runProgram } from './run-program.js'

export interface PackagingSettings {
  /** Python 3 with pip: a name on the PATH or a path. */
  python: string
  /** All that it sees of the server's environment. */
  environment: Readonly<Record<string, string>>
  /** The Python that scripts run on; null: the one above. */
  runtime: PythonRuntime | null
  /** For one call of pip. */
  timeoutMs: number
}

export interface ResolvedWheel {
  fileName: string
  path: string
}

const longestDetail = 2_000

/** @throws PRECONDITION_FAILED no Python, or one that is none */
export async function findRuntime(
  settings: PackagingSettings,
  place: { directory: string; signal: AbortSignal },
): Promise<PythonRuntime> {
  if (settings.runtime) return settings.runtime
  const end = await runPython(settings, ['-c', describePython], { ...place, timeoutMs: 30_000 })
  try {
    const { version, platform, machine, system } = JSON.parse(end.stdout)
    const [major, minor] = String(system).split('.').map(Number)
    const isKnown = Number.isInteger(major)
    return { version, platform, machine: machine.toLowerCase(), systemVersion: isKnown ? [major!, minor ?? 0] : null }
  } catch (cause) {
    throw failure(`Python 3 is not there: "${settings.python}" does not start. Packages need it on the server.`, cause)
  }
}

const describePython = `
import json, platform, sys
assert sys.version_info >= (3, 7)
linux = sys.platform.startswith("linux")
libc = platform.libc_ver() if linux else ("", "")
system = libc[1] if libc[0] == "glibc" else platform.mac_ver()[0]
print(json.dumps({"version": sys.version_info[:2], "platform": "linux" if linux else sys.platform,
  "machine": platform.machine(), "system": system}))`

/**
 * Everything that is asked for and what that needs in turn, by file name. Only wheels: to build source would run a stranger's
 * program on the server.
 * @param directory an empty one of its own
 * @throws PRECONDITION_FAILED in pip's own words, without credentials
 */
export async function resolvePackages(
  settings: PackagingSettings,
  runtime: PythonRuntime,
  requirements: string,
  { directory, signal }: { directory: string; signal: AbortSignal },
): Promise<ResolvedWheel[]> {
  const file = join(directory, 'requirements.txt')
  const wheels = join(directory, 'wheels')
  await writeFile(file, requirements)
  // Without these, pip takes what fits itself.
  const target = settings.runtime === null ? [] : targetArguments(runtime)
  const end = await runPython(
    settings,
    [
      ...['-m', 'pip', 'download', '--quiet', '--no-input', '--no-color', '--disable-pip-version-check', '--progress-bar', 'off'],
      ...['--only-binary', ':all:', '--dest', wheels, ...target, '--requirement', file],
    ],
    { directory, signal, timeoutMs: settings.timeoutMs },
  )
  if (end.code !== 0) throw failure(reasonOf(end, settings))
  const names = (await readdir(wheels)).sort()
  for (const name of names) requireFitting(name, runtime)
  return names.map((fileName) => ({ fileName, path: join(wheels, fileName) }))
}

/** @throws PRECONDITION_FAILED */
export function requireFitting(fileName: string, runtime: PythonRuntime): void {
  const wheel = parseWheelName(fileName)
  if (!wheel) throw failure(`"${fileName}" is no wheel: only wheels are packaged.`)
  if (!fitsRuntime(wheel, runtime)) {
    const tags = [wheel.pythons, wheel.abis, wheel.platforms].map((each) => each.join('.')).join('-')
    throw failure(`The wheel ${fileName} does not fit: scripts run on ${nameOfRuntime(runtime)}, it is for ${tags}.`)
  }
}

function targetArguments(runtime: PythonRuntime): string[] {
  const [major, minor] = runtime.version
  return [
    ...['--implementation', 'cp', '--python-version', `${major}.${minor}`],
    ...[`cp${major}${minor}`, 'abi3', 'none'].flatMap((abi) => ['--abi', abi]),
    ...platformTags(runtime).flatMap((tag) => ['--platform', tag]),
  ]
}

const runPython = (
  { python, environment }: PackagingSettings,
  args: readonly string[],
  { directory, ...bounds }: { directory: string; signal: AbortSignal; timeoutMs: number },
): Promise<ProgramEnd> =>
  runProgram({ file: python, arguments: args, environment: { ...environment, TMPDIR: directory }, directory, ...bounds })

function reasonOf({ stopped, stderr, code }: ProgramEnd, { python, timeoutMs }: PackagingSettings): string {
  if (stopped === 'TIMEOUT') return `pip did not find the packages within ${Math.round(timeoutMs / 1000)} s.`
  if (stopped === 'ABORTED') return 'The server stopped while pip was at work.'
  if (stopped === 'NOT_STARTED')
    return `The requirements cannot be resolved: "${python}" does not start. Install Python 3 with pip on the server, or set DHUO_PYTHON.`
  if (/No module named '?pip\b/.test(stderr))
    return `The requirements cannot be resolved: "${python}" has no pip. Install it on the server.`
  const said = withoutCredentials(stderr).trim().split('\n')
  const errors = said.filter((line) => /^(ERROR|error):/.test(line))
  const words = (errors.length > 0 ? errors : said.slice(-5)).join('\n').slice(0, longestDetail)
  const hint = /No matching distribution|Could not find a version/.test(words)
    ? '\nOnly wheels for the Python of the scripts are taken: build a wheel of what has none, and add it to the libraries.'
    : ''
  return `pip could not resolve the requirements: ${words || `it ended with ${code}`}${hint}`
}

const failure = (message: string, cause?: unknown): DhuoError => new DhuoError('PRECONDITION_FAILED', message, { cause })
