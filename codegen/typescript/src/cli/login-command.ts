import { createClient, GetViewer, LogIn } from '../node.js'
import { type Command, isGiven, textOf } from './command.js'
import { readCredentials, type StoredCredential, writeCredentials } from './credential-file.js'
import { CommandError, exitCodes } from './exit-codes.js'
import { prompt, readSecretFromPipe } from './prompt.js'
import type { Session } from './session.js'

export const loginCommand: Command = {
  usage: 'login [--url URL] [--email EMAIL]',
  summary: 'Logs in, and keeps the token for the commands that follow.',
  more: `The password is asked for, not shown and not kept. The token lies in $XDG_CONFIG_HOME/dhuo/credentials.json
(~/.config/dhuo/credentials.json), which only you can read. Programs set DHUO_URL and DHUO_ACCESS_KEY instead.`,
  options: {
    email: { type: 'string', value: 'EMAIL', says: 'who you are; otherwise it is asked for' },
    'password-stdin': { type: 'boolean', says: 'the password comes by the pipe' },
    'access-key': { type: 'boolean', says: 'an access key in place of email and password: asked for, or by the pipe' },
  },
  takes: [0, 0],
  async run(session, given) {
    const { url } = await session.server()
    const { protocol, hostname } = new URL(url)
    if (protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname))
      session.output.note(`Beware: ${url} is not encrypted. Everybody on the way can read what you send.`)
    const credential = isGiven(given, 'access-key')
      ? await withAccessKey(url, session.signal)
      : await withPassword(url, textOf(given, 'email'), isGiven(given, 'password-stdin'), session.signal)
    // Read now: another login may have written meanwhile.
    const known = await readCredentials(session.credentialPath)
    await writeCredentials(session.credentialPath, { current: url, servers: { ...known.servers, [url]: credential } })
    const expiresAt = 'expiresAt' in credential ? credential.expiresAt : null
    if (session.output.isJson) await session.output.json({ url, email: credential.email, expiresAt })
    else await session.output.line(`Logged in to ${url} as ${credential.email}${expiresAt ? ` until ${expiresAt}` : ''}.`)
    return exitCodes.ok
  },
}

async function withPassword(
  url: string,
  given: string | undefined,
  byPipe: boolean,
  signal: AbortSignal,
): Promise<StoredCredential> {
  const email = given ?? (await prompt('Email: ', false, signal))
  const password = byPipe ? await readSecretFromPipe() : await prompt('Password: ', true, signal)
  const { login } = await createClient({ url }).request(LogIn, { email, password }, { retries: 0, signal })
  return { token: login.token, expiresAt: login.expiresAt, email: login.user.email }
}

async function withAccessKey(url: string, signal: AbortSignal): Promise<StoredCredential> {
  const accessKey = process.stdin.isTTY ? await prompt('Access key: ', true, signal) : await readSecretFromPipe()
  const { viewer } = await createClient({ url, accessKey }).request(GetViewer, {}, { signal })
  if (!viewer) throw new CommandError(exitCodes.unauthenticated, `${url} does not take this access key.`)
  return { accessKey, email: viewer.email }
}

export const logoutCommand: Command = {
  usage: 'logout [--url URL]',
  summary: 'Forgets the token of a server.',
  takes: [0, 0],
  async run(session: Session) {
    const { url } = await session.server()
    const { current, servers } = await readCredentials(session.credentialPath)
    const { [url]: forgotten, ...others } = servers
    if (forgotten) await writeCredentials(session.credentialPath, { current: current === url ? null : current, servers: others })
    if (session.output.isJson) await session.output.json({ url, wasLoggedIn: forgotten !== undefined })
    else await session.output.line(forgotten ? `Logged out of ${url}.` : `Nobody was logged in to ${url}.`)
    return exitCodes.ok
  },
}
