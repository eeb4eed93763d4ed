import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RedisServer {
  port: number
  url: string
  /** Freezes it: connections stay open, and nothing is answered. */
  pause(): void
  resume(): void
  /** Without a word to its clients. Its state is gone: nothing is ever written to a disk. */
  kill(): Promise<void>
  /** On the same port, after `kill`. */
  restart(): Promise<void>
  /** Runs a command. @returns what redis-cli prints */
  command(...words: string[]): string
  stop(): Promise<void>
}

interface RedisServerOptions {
  /** More of its settings, as on its command line: `['--requirepass', 'x']`. */
  settings?: readonly string[]
  /** Its port speaks TLS, with this certificate and its key; it trusts those of others that are the same. */
  tls?: { certificate: string; key: string }
  /** Of redis-cli. */
  cli?: readonly string[]
  /** A Sentinel instead, with these lines in its configuration file. */
  sentinel?: readonly string[]
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const taken = new Set<number>()

async function freePort(): Promise<number> {
  while (true) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    // A node of a cluster takes another port 10000 above its own.
    if (port > 55_000 || taken.has(port)) continue
    taken.add(port)
    return port
  }
}

/** A Redis of its own on a free port of this machine; ready when this resolves. It does not outlive the tests. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { settings = [], tls, cli = [], sentinel } = options
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-redis-'))
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const encrypted = tls && {
      ...{ port: '0', 'tls-port': String(port), 'tls-cert-file': tls.certificate, 'tls-key-file': tls.key },
      ...{ 'tls-ca-cert-file': tls.certificate, 'tls-auth-clients': 'no', 'tls-replication': 'yes' },
    }
    const listening = Object.entries({ bind: '127.0.0.1', dir: directory, ...(encrypted ?? { port: String(port) }) })
    const words: string[] = [...settings, '--save', '', '--appendonly', 'no']
    words.push(...listening.flatMap(([name, value]) => [`--${name}`, value]))
    if (sentinel) {
      const file = join(directory, 'sentinel.conf')
      await writeFile(file, [...listening.map((setting) => setting.join(' ')), ...sentinel, ''].join('\n'))
      words.splice(0, words.length, file, '--sentinel')
    }
    let launched = await launch(words)
    if (typeof launched === 'string') {
      if (attempt < 5 && /Address already in use/i.test(launched)) continue
      throw new Error(`redis-server did not start:\n${launched}`)
    }
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      const child = launched as ChildProcess
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill(signal)
      child.kill('SIGCONT')
      await gone
    }
    return {
      port,
      url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
      pause: () => void (launched as ChildProcess).kill('SIGSTOP'),
      resume: () => void (launched as ChildProcess).kill('SIGCONT'),
      kill: () => end('SIGKILL'),
      restart: async () => {
        launched = await launch(words)
        if (typeof launched === 'string') throw new Error(`redis-server did not start again:\n${launched}`)
      },
      command: (...command) => execFileSync('redis-cli', ['-p', String(port), ...cli, ...command], { encoding: 'utf8' }).trim(),
      stop: async () => {
        await end('SIGKILL')
        await rm(directory, { recursive: true, force: true })
      },
    }
  }
}

/** @returns the process once it is ready, or what it said before it ended */
async function launch(words: readonly string[]): Promise<ChildProcess | string> {
  const child = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let said = ''
  return new Promise((resolve) => {
    child.stdout.on('data', (part) => {
      said += part
      if (/Ready to accept connections|Sentinel ID is/.test(said)) resolve(child)
    })
    child.stderr.on('data', (part) => {
      said += part
    })
    child.once('exit', () => resolve(said))
  })
}
