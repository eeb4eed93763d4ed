import { createClient, type DhuoClient, GetServer, GetViewer } from '../node.js'
import type { Command } from './command.js'
import { credentialPath } from './credential-file.js'
import { type Check, checkClock, checkReachable, checkSocket, checkTls } from './doctor-checks.js'
import { exitCodes, failureOf } from './exit-codes.js'
import type { Session } from './session.js'

export const doctorCommand: Command = {
  usage: 'doctor',
  summary:
    'Looks at everything between here and the server: address, TLS, clock, login, WebSocket; and at the health of its backends.',
  more: 'Ends with 0 when nothing fails, otherwise with the code of the first failure. The server looks at itself with: npm run doctor',
  takes: [0, 0],
  async run(session) {
    const checks: Check[] = []
    let isReachable = true
    for await (const check of examine(session)) {
      checks.push(check)
      if (check.name === 'server' && check.level === 'fail') isReachable = false
      if (!session.output.isJson) await session.output.line(lineOf(check))
    }
    const failed = checks.find(({ level }) => level === 'fail')
    const isHealthy = isReachable && failed === undefined
    if (session.output.isJson) await session.output.json({ isHealthy, checks: checks.map(({ exitCode: _, ...check }) => check) })
    return failed?.exitCode ?? exitCodes.ok
  },
}

const marks = { ok: '✓', warn: '!', fail: '✗', skip: '-' } as const

const lineOf = ({ level, name, says, remedy }: Check): string =>
  `${marks[level]} ${name.padEnd(14)} ${says}${remedy ? `\n  ${' '.repeat(15)}→ ${remedy}` : ''}`

async function* examine(session: Session): AsyncGenerator<Check, void, undefined> {
  const { signal } = session
  const chosen = await attempt('address', async () => session.server())
  if ('level' in chosen) {
    yield chosen
    return
  }
  const { url, from } = chosen
  yield { name: 'address', level: 'ok', says: `${url} (${from})`, remedy: null }
  yield await checkTls(url)
  const { check: reachable, date } = await checkReachable(url, signal)
  yield reachable
  if (reachable.level === 'fail') return
  yield checkClock(date)
  const client = await attempt('login', async () => clientOf(session, url))
  if ('level' in client) yield client
  else {
    yield* examineAsViewer(client, session)
    yield await checkSocket(client)
    client.close()
  }
}

async function clientOf(session: Session, url: string): Promise<DhuoClient> {
  await session.client()
  const credential = (await session.credential(url))!
  const options = { url, retries: 0, timeoutMs: 20_000 }
  return createClient({
    ...options,
    ...('token' in credential ? { token: credential.token } : { accessKey: credential.accessKey }),
  })
}

async function* examineAsViewer(client: DhuoClient, session: Session): AsyncGenerator<Check, void, undefined> {
  const { signal } = session
  const answer = await attempt('login', async () => client.request(GetViewer, {}, { signal }))
  if ('level' in answer) {
    yield answer
    return
  }
  const credential = await session.credential(client.url)
  const from = credential?.from ?? credentialPath(session.env)
  if (!answer.viewer) {
    const says = `${client.url} does not know what ${from} holds.`
    yield { name: 'login', level: 'fail', says, remedy: 'dhuo login', exitCode: exitCodes.unauthenticated }
    return
  }
  const expiresAt = credential && 'expiresAt' in credential ? credential.expiresAt : null
  const isSoon = expiresAt !== null && Date.parse(expiresAt) - Date.now() < 15 * 60_000
  const until = expiresAt ? `, until ${expiresAt}` : ''
  yield {
    name: 'login',
    level: isSoon ? 'warn' : 'ok',
    says: `${answer.viewer.email} (${from})${until}`,
    remedy: isSoon ? 'dhuo login' : null,
  }
  const info = await attempt('version', async () => client.request(GetServer, {}, { signal }))
  if ('level' in info) {
    yield info
    return
  }
  yield { name: 'version', level: 'ok', says: `${info.server.version}, started ${info.server.startedAt}`, remedy: null }
  for (const { role, kind, healthy, detail } of info.server.backends) {
    const name = role.toLowerCase().replace('_', ' ')
    if (healthy) yield { name, level: 'ok', says: kind, remedy: null }
    else {
      const remedy = 'Whoever runs the server: npm run doctor'
      yield { name, level: 'fail', says: `${kind}: ${detail ?? 'it does not answer'}`, remedy, exitCode: exitCodes.unavailable }
    }
  }
}

/** What it gives, or the failed check that its error makes. */
async function attempt<Result extends object>(name: string, work: () => Promise<Result>): Promise<Result | Check> {
  try {
    return await work()
  } catch (error) {
    const { message, hint, exitCode } = failureOf(error)
    return { name, level: 'fail', says: message, remedy: hint, exitCode }
  }
}
