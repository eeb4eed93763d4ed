/*
 * Programs that the tests want as neighbours: installs those that are missing where it may (root, with apt-get), and says aloud
 * what then is still missing and what is not tested without it. It starts nothing and makes no database of the system's.
 * Without `--all` it installs the servers alone: they come in seconds.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What each is wanted for, and Debian's packages with it. */
const programs = [
  { name: 'postgres', packages: ['postgresql'], tests: 'the catalog on PostgreSQL, several servers' },
  { name: 'redis-server', packages: ['redis-server'], tests: 'events through Redis, several servers' },
  { name: 'chromium', packages: ['chromium'], tests: 'GraphiQL in a browser', isLarge: true },
  {
    name: 'python3',
    packages: ['python3', 'python3-pip', 'python3-venv'],
    tests: 'scripts of pipelines, packaging, the Python client',
    isLarge: true,
  },
]
/** Debian keeps the server's programs off the PATH, by version. */
const ofDebian = '/usr/lib/postgresql'
const versions = () => (existsSync(ofDebian) ? readdirSync(ofDebian).map((version) => join(ofDebian, version, 'bin')) : [])

const isThere = ({ name }) =>
  [...(process.env.PATH ?? '').split(delimiter), ...versions()].some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
const missing = () => programs.filter((program) => !isThere(program))

/** @returns what went wrong, or null */
function install(packages) {
  const apt = (seconds, ...words) =>
    spawnSync('apt-get', ['-qq', ...words], {
      encoding: 'utf8',
      timeout: seconds * 1_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  const options = ['-o', 'Dpkg::Options::=--force-confold', '--no-install-recommends']
  for (const { status, error, stderr } of [apt(120, 'update'), apt(400, 'install', '-y', ...options, ...packages)])
    if (status !== 0) return (error?.message ?? stderr).trim().split('\n').slice(-2).join(' ')
  return null
}

/**
 * For as long as packages are installed: no service is started (https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt)
 * and no cluster is made (`man pg_createcluster`).
 */
function quietly(work) {
  const files = [
    ['/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755],
    ['/etc/postgresql-common/createcluster.d/dhuo-tests.conf', 'create_main_cluster = false\n', 0o644],
  ].filter(([file]) => !existsSync(file))
  for (const [file, text, mode] of files) {
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, mode)
  }
  try {
    return work()
  } finally {
    for (const [file] of files) rmSync(file, { force: true })
  }
}

const wanted = missing().filter(({ isLarge }) => !isLarge || process.argv.includes('--all'))
const mayInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0
const failure = wanted.length > 0 && mayInstall ? quietly(() => install(wanted.flatMap(({ packages }) => packages))) : null
for (const program of missing()) {
  const why =
    wanted.includes(program) && mayInstall
      ? (failure ?? 'apt-get did not bring it')
      : 'it was not installed: that takes root and apt-get'
  console.warn(`There is no ${program.name} here (${why}). Not tested: ${program.tests}.`)
}
