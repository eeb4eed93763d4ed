/** The Python that scripts run on, as far as packages must fit it. */
export interface PythonRuntime {
  /** `[3, 11]` */
  version: readonly [number, number]
  platform: 'linux' | 'darwin' | 'win32'
  /** As wheels write it: `x86_64`, `aarch64`, `arm64`, `amd64`. */
  machine: string
  /** Of glibc on Linux, of macOS there; null where it is not known, or another C library. */
  systemVersion: readonly [number, number] | null
}

/** OCI Data Flow: https://docs.oracle.com/iaas/data-flow/using/third-party-provide-archive.htm */
export const dataFlowRuntime = (settings: {
  pythonVersion: readonly [number, number]
  machine: 'x86_64' | 'aarch64'
}): PythonRuntime => ({
  version: settings.pythonVersion,
  platform: 'linux',
  machine: settings.machine,
  systemVersion: [2, 17],
})

export const nameOfRuntime = ({ version, platform, machine }: PythonRuntime): string =>
  `Python ${version.join('.')} on ${platform} ${machine}`

export interface Wheel {
  /** As in the file's name: `scikit_learn`. */
  name: string
  version: string
  /** Alternatives: a wheel may fit several of each. */
  pythons: readonly string[]
  abis: readonly string[]
  platforms: readonly string[]
}

/**
 * What the name of a wheel says of it; null when it is no such name.
 * https://packaging.python.org/en/latest/specifications/binary-distribution-format/
 */
export function parseWheelName(fileName: string): Wheel | null {
  const match = /^([A-Za-z0-9][\w.]*)-(\d[\w.!+]*)(?:-\d\w*)?-([\w.]+)-([\w.]+)-([\w.]+)\.whl$/.exec(fileName)
  if (!match) return null
  const [, name = '', version = '', pythons = '', abis = '', platforms = ''] = match
  return { name, version, pythons: pythons.split('.'), abis: abis.split('.'), platforms: platforms.split('.') }
}

/** Whether pip would install it there. https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/ */
export const fitsRuntime = (wheel: Wheel, runtime: PythonRuntime): boolean =>
  wheel.platforms.some((platform) => fitsPlatform(platform, runtime)) &&
  wheel.pythons.some((python) => wheel.abis.some((abi) => fitsPython(python, abi, runtime.version)))

function fitsPython(python: string, abi: string, [major, minor]: PythonRuntime['version']): boolean {
  const [, implementation, madeForMajor, madeForMinor] = /^(py|cp)(\d)(\d*)$/.exec(python) ?? []
  if (Number(madeForMajor) !== major) return false
  const least = madeForMinor === '' ? 0 : Number(madeForMinor)
  if (abi === 'none') return implementation === 'py' ? least <= minor : madeForMinor === '' || least === minor
  if (implementation !== 'cp') return false
  return abi === 'abi3' ? least <= minor : abi === `cp${major}${minor}` && least === minor
}

const oldManylinux: Readonly<Record<string, readonly [number, number]>> = {
  manylinux1: [2, 5],
  manylinux2010: [2, 12],
  manylinux2014: [2, 17],
}

function fitsPlatform(tag: string, { platform, machine, systemVersion }: PythonRuntime): boolean {
  if (tag === 'any') return true
  if (platform === 'win32') return tag === (machine === 'x86' ? 'win32' : `win_${machine}`)
  if (platform === 'darwin') {
    const [, major, minor, arch = ''] = /^macosx_(\d+)_(\d+)_(.+)$/.exec(tag) ?? []
    return [machine, 'universal2'].includes(arch) && isAtMost([Number(major), Number(minor)], systemVersion)
  }
  if (tag === `linux_${machine}`) return true
  const [, old, major, minor, arch] = /^(?:(manylinux1|manylinux2010|manylinux2014)|manylinux_(\d+)_(\d+))_(.+)$/.exec(tag) ?? []
  return arch === machine && isAtMost(oldManylinux[old ?? ''] ?? [Number(major), Number(minor)], systemVersion)
}

const isAtMost = (wanted: readonly [number, number], there: readonly [number, number] | null): boolean =>
  there !== null && (wanted[0] < there[0] || (wanted[0] === there[0] && wanted[1] <= there[1]))

/** The platform tags that pip is to ask for; newest first. */
export function platformTags({ platform, machine, systemVersion }: PythonRuntime): string[] {
  if (platform !== 'linux' || systemVersion === null) return []
  const [major, minor] = systemVersion
  const modern = Array.from({ length: Math.max(0, minor - 4) }, (_, index) => `manylinux_${major}_${minor - index}_${machine}`)
  const old = Object.entries(oldManylinux).filter(([, version]) => isAtMost(version, systemVersion))
  return [...modern, ...old.map(([name]) => `${name}_${machine}`), `linux_${machine}`]
}
