import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { eventually } from './test-server.js'

/** Where this machine has a Chromium; null when it has none. */
export const chromium =
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path)) ?? null

export interface Page {
  /** The value of an expression in the page. */
  evaluate<Value>(expression: string): Promise<Value>
  /** Every address the page asked for. */
  requested: string[]
  /** Errors of scripts, of the console and of the content security policy. */
  complaints: string[]
  close(): Promise<void>
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--remote-debugging-port=0',
  // Nothing outside this machine has an address.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
]

/** Opens a page in a browser of its own, by the DevTools protocol: https://chromedevtools.github.io/devtools-protocol */
export async function openPage(url: string): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), 'dhuo-browser-'))
  const browser = spawn(chromium!, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own, so that its helper processes end with it.
    detached: true,
  })
  let said = ''
  browser.stderr.on('data', (chunk) => {
    said += String(chunk)
  })
  const address = () => /DevTools listening on (ws:\/\/\S+)/.exec(said)?.[1]
  await eventually('the browser starts', () => address() !== undefined, 30_000)

  const socket = new WebSocket(address()!)
  await once(socket, 'open')
  const waiting = new Map<number, (message: { result: never }) => void>()
  const requested: string[] = []
  const complaints: string[] = []
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { id?: number; method?: string; params: Record<string, unknown>; result: never }
    if (message.id !== undefined) waiting.get(message.id)?.(message)
    else if (message.method) notice(message.method, message.params)
  })
  const notice = (method: string, params: Record<string, unknown>) => {
    if (method === 'Network.requestWillBeSent') requested.push((params['request'] as { url: string }).url)
    if (method === 'Network.webSocketCreated') requested.push(params['url'] as string)
    if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params['exceptionDetails']).slice(0, 500))
    if (method === 'Runtime.consoleAPICalled' && params['type'] === 'error')
      complaints.push(JSON.stringify(params['args']).slice(0, 500))
    if (method === 'Log.entryAdded' && (params['entry'] as { level: string }).level === 'error')
      complaints.push((params['entry'] as { text: string }).text)
  }
  let lastId = 0
  const call = async <Result>(method: string, params: object = {}, sessionId?: string): Promise<Result> => {
    const id = ++lastId
    const answer = new Promise<{ result: Result }>((resolve) => waiting.set(id, resolve as never))
    socket.send(JSON.stringify({ id, method, params, sessionId }))
    return (await answer).result
  }
  const { targetId } = await call<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await call<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  for (const domain of ['Network', 'Runtime', 'Log', 'Page']) await call(`${domain}.enable`, {}, sessionId)
  await call('Page.navigate', { url }, sessionId)

  return {
    requested,
    complaints,
    async evaluate<Value>(expression: string): Promise<Value> {
      const params = { expression, awaitPromise: true, returnByValue: true }
      return (await call<{ result: { value: Value } }>('Runtime.evaluate', params, sessionId)).result.value
    },
    async close() {
      const gone = once(browser, 'exit')
      void call('Browser.close')
      await Promise.race([gone, sleep(3_000, undefined, { ref: false })])
      socket.terminate()
      if (browser.exitCode === null) process.kill(-browser.pid!, 'SIGKILL')
      await gone
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
