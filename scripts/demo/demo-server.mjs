// A server of its own for the demo: the product as `npm start` runs it, on a fresh home.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/**
 * @param port null: 4000, or a free one when that is taken
 * @returns where it is, how to log in, and `stop`, which resolves when it and all that it started has ended
 */
export async function startDemoServer(port) {
  await mkdir(join(root, '.dhuo'), { recursive: true })
  const home = await mkdtemp(join(root, '.dhuo', `demo-${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}-`))
  const email = 'admin@localhost.local'
  const password = randomBytes(9).toString('base64url')
  const chosen = port ?? ((await isFree(4000)) ? 4000 : 0)
  const env = {
    ...withoutSettings(process.env),
    ...{ HOST: '127.0.0.1', PORT: String(chosen), DHUO_HOME: home, DHUO_LOG_LEVEL: 'warn' },
    ...{ DHUO_ADMIN_EMAIL: email, DHUO_ADMIN_PASSWORD: password },
  }
  // In a group of its own: Ctrl-C reaches the demo alone, which then ends the server as it should.
  const child = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist', 'main.js')], {
    env,
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
  let said = ''
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const killing = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const how = await ended
    clearTimeout(killing)
    if (how !== 0) throw new Error(`The server did not end well (${how}):\n${said}`)
  }
  const removeHome = () => rm(home, { recursive: true, force: true, maxRetries: 5 })
  const listening = new Promise((resolve, reject) => {
    const hear = (chunk) => {
      said = (said + chunk).slice(-20_000)
      const [, found] = /(http:\/\/\S+)\/graphql/.exec(said) ?? []
      if (found) resolve(found)
    }
    child.stderr.on('data', hear)
    child.stdout.on('data', hear)
    child.once('error', reject)
    ended.then(() => reject(new Error(`The server did not start:\n${said}`)))
  })
  const url = await listening.catch(async (error) => {
    await removeHome()
    throw error
  })
  return {
    ...{ url, email, password, home: relative(process.cwd(), home) || '.' },
    stop,
    /** Resolves when it ends, whoever ends it. */
    ended,
    removeHome,
    /** What it logged and printed last. */
    said: () => said,
  }
}

/** Whoever has settings for real backends must not find the demo's project in them. */
const withoutSettings = (env) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('DHUO_') || name === 'DHUO_PYTHON'))

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
