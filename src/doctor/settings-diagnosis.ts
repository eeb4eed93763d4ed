import { resolve } from 'node:path'
import type { Config } from '../config.js'
import { probePrivateFile } from '../diagnosis/directory-probe.js'
import { type Diagnosis, fail, ok, warn } from '../diagnosis/finding.js'

/** What `readConfig` refused, each problem by itself. */
export const diagnoseProblems = (problems: readonly string[]): Diagnosis =>
  async function* () {
    for (const problem of problems) {
      const [, name = 'settings', said = problem] = /^([A-Z_]+): (.*)$/s.exec(problem) ?? []
      yield fail(name, said, `Correct it in the environment or in .env; .env.example says what it may be.`)
    }
  }

/** Settings that are right each by itself, and not together; and the file that may hold them. */
export const diagnoseSettings = (config: Config, given: readonly string[]): Diagnosis =>
  async function* () {
    yield ok('settings', given.length === 0 ? 'none is set: everything is as .env.example says' : `set: ${given.join(', ')}`)
    const file = await probePrivateFile('file mode', resolve('.env'))
    if (file) yield file
    const { host, publicUrl, catalog, storage, pubsub, lakehouse } = config
    if (publicUrl === null && !isLoopback(host))
      yield warn(
        'public URL',
        'The server listens to the network, and URLs for uploads and downloads name this machine as it sees itself.',
        'Set DHUO_PUBLIC_URL to where clients reach the server, for example https://graph.example.com',
      )
    if (publicUrl?.startsWith('http:') && !isLoopback(new URL(publicUrl).hostname))
      yield warn(
        'public URL',
        'Clients reach the server without TLS: passwords and keys travel in the clear.',
        'Put a proxy with TLS before it, and set DHUO_PUBLIC_URL to its https URL.',
      )
    if ((catalog.scheme as string) === 'sqlite') return
    for (const [name, scheme, why] of [
      ['DHUO_PUBSUB_URL', pubsub.scheme === 'memory', 'live status comes to subscribers of other servers two seconds late'],
      ['DHUO_STORAGE_URL', storage.scheme === 'file', 'objects are found by the other servers only on a shared directory'],
      ['DHUO_LAKEHOUSE_URL', lakehouse.scheme === 'duckdb', 'the tables of a project can be used by one server at a time'],
    ] as const)
      if (scheme)
        yield warn(
          'several servers',
          `The catalog can serve several servers, but ${why}.`,
          `Set ${name} to a backend that servers share; or run one server only.`,
        )
  }

const isLoopback = (host: string): boolean => /^(127\.|::1$|\[::1\]$|localhost$)/.test(host)
