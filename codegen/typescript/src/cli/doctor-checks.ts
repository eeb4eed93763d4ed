import { connect, type DetailedPeerCertificate } from 'node:tls'
import { reasonOf } from '../graphql-error.js'
import { type DhuoClient, isDhuoGraphError, WatchPipelineRun } from '../node.js'
import { exitCodes, failureOf } from './exit-codes.js'

/** One thing that was looked at. */
export interface Check {
  name: string
  level: 'ok' | 'warn' | 'fail' | 'skip'
  says: string
  /** What mends it. */
  remedy: string | null
  /** Of a failure: what the process ends with. */
  exitCode?: number
}

const withinMs = 10_000
/** A token is refused before its time, or a signed URL, when clocks differ by much more. */
const mostSkewMs = 30_000

const failed = (name: string, says: string, remedy: string | null): Check => ({
  ...{ name, level: 'fail', says, remedy },
  exitCode: exitCodes.unavailable,
})

/** That the server is there, and whether it wants to work. */
export async function checkReachable(url: string, signal: AbortSignal): Promise<{ check: Check; date: string | null }> {
  const began = performance.now()
  try {
    const limits = { signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]), redirect: 'manual' as const }
    const response = await fetch(`${url}/readyz`, limits)
    const ms = Math.round(performance.now() - began)
    const date = response.headers.get('date')
    const body = (await response.json().catch(() => null)) as { status?: unknown } | null
    if (typeof body?.status !== 'string')
      return {
        check: failed('server', `${url} answers ${response.status}, but it is no DHuO Graph.`, 'Look at the address.'),
        date,
      }
    if (!response.ok)
      return {
        check: { name: 'server', level: 'warn', says: `answers in ${ms} ms, and is not ready: ${body.status}`, remedy: null },
        date,
      }
    return { check: { name: 'server', level: 'ok', says: `answers in ${ms} ms, ready`, remedy: null }, date }
  } catch (error) {
    if (signal.aborted) throw error
    const remedy = 'Is the server up, is the address right, does a proxy or a VPN stand in between?'
    return { check: failed('server', `${url} does not answer: ${reasonOf(error)}`, remedy), date: null }
  }
}

/** @param date of the answer's head; seconds are all it has */
export function checkClock(date: string | null): Check {
  const theirs = Date.parse(date ?? '')
  if (Number.isNaN(theirs)) return { name: 'clock', level: 'skip', says: 'the server does not say what time it is', remedy: null }
  const skewMs = Math.max(Math.abs(Date.now() - theirs) - 1_000, 0)
  if (skewMs < mostSkewMs) return { name: 'clock', level: 'ok', says: `the same as that of the server`, remedy: null }
  const says = `${Math.round(skewMs / 1_000)} s ${Date.now() > theirs ? 'ahead of' : 'behind'} that of the server`
  return { name: 'clock', level: 'warn', says, remedy: 'Set one of the two by NTP.' }
}

/** The certificate, and how long it lasts. */
export async function checkTls(url: string): Promise<Check> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'https:') {
    const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
    if (isLocal) return { name: 'TLS', level: 'skip', says: 'none, on this machine', remedy: null }
    return { name: 'TLS', level: 'warn', says: 'none: tokens can be read on the way', remedy: 'Serve it by https.' }
  }
  try {
    const certificate = await certificateOf(hostname.replaceAll(/[[\]]/g, ''), Number(port || 443))
    const days = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / 86_400_000)
    const issuer = certificate.issuer.O ?? certificate.issuer.CN ?? 'somebody'
    const says = `certificate of ${issuer}, good for ${days} days`
    return { name: 'TLS', level: days < 14 ? 'warn' : 'ok', says, remedy: days < 14 ? 'Renew the certificate.' : null }
  } catch (error) {
    const remedy = 'An authority of your own: NODE_EXTRA_CA_CERTS=/path/to/its.pem'
    return failed('TLS', reasonOf(error), remedy)
  }
}

function certificateOf(host: string, port: number): Promise<DetailedPeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: /^[\d.:]+$/.test(host) ? '' : host, timeout: withinMs }, () => {
      resolve(socket.getPeerCertificate(true))
      socket.end()
    })
    socket.once('timeout', () => socket.destroy(new Error('It did not answer in time.')))
    socket.once('error', reject)
  })
}

/** Asks for the events of a run that does not exist: the refusal comes over the whole way that events take. */
export async function checkSocket(client: DhuoClient): Promise<Check> {
  const signal = AbortSignal.timeout(withinMs)
  try {
    const events = client.subscribe(WatchPipelineRun, { pipelineRun: 'doctor' }, { signal })
    await events.next()
    return { name: 'WebSocket', level: 'ok', says: 'events come', remedy: null }
  } catch (error) {
    if (isDhuoGraphError(error, 'NOT_FOUND')) return { name: 'WebSocket', level: 'ok', says: 'events come', remedy: null }
    if (isDhuoGraphError(error, 'UNAUTHENTICATED', 'FORBIDDEN'))
      return { name: 'WebSocket', level: 'skip', says: 'needs a login', remedy: null }
    const says = signal.aborted ? `no answer within ${withinMs / 1_000} s` : failureOf(error).message
    return failed('WebSocket', says, 'logs -f and --watch need it: a proxy in between must let upgrades of /graphql through.')
  }
}
