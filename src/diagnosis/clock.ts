import { type Finding, fail, ok } from './finding.js'

/**
 * Compares this machine's clock with a remote one.
 * @param remote what the remote says it is: the `Date` header of an answer that came just now
 * @param boundMs how far apart they may be before the remote refuses what is signed with this clock
 */
export function clockFinding(remote: string | Date, boundMs: number, now = Date.now()): Finding {
  const aheadMs = now - new Date(remote).getTime()
  const apart = Math.abs(aheadMs)
  const words =
    apart < 2_000
      ? 'the same as the remote’s, to two seconds'
      : `${duration(apart)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the remote's`
  return apart < boundMs
    ? ok('clock', words)
    : fail(
        'clock',
        `This machine's is ${words}; ${duration(boundMs)} are allowed.`,
        'Set it by NTP: timedatectl set-ntp true, or systemctl restart chronyd; chronyc tracking says how far it is off.',
      )
}

const duration = (ms: number): string => (ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`)
