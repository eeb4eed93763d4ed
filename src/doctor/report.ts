import { styleText } from 'node:util'
import type { Finding } from '../diagnosis/finding.js'
import type { ExaminedSection } from './examine.js'

const marks = {
  ok: { sign: '✓', color: 'green' },
  warn: { sign: '!', color: 'yellow' },
  fail: { sign: '✗', color: 'red' },
} as const satisfies Record<Finding['level'], { sign: string; color: string }>

/** A section as text, for people. Colours only where the stream is a terminal that wants them. */
export function sectionText({ title, kind, findings }: ExaminedSection, stream: NodeJS.WriteStream): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ level, check, said, remedy }) => {
    const { sign, color } = marks[level]
    const indent = ' '.repeat(width + 6)
    const mends = remedy === null ? [] : remedy.split('\n').map((line, i) => `${indent}${i === 0 ? '→' : ' '} ${line}`)
    const found = said.trim().split('\n').join(`\n${indent}`)
    return [`  ${styleText(color, sign, { stream })} ${check.padEnd(width)}  ${found}`, ...mends]
  })
  const name = kind === null ? title : `${title} (${kind})`
  return `${[styleText('bold', name, { stream }), ...lines].join('\n')}\n`
}

export function summaryText(sections: readonly ExaminedSection[], tookMs: number): string {
  const findings = sections.flatMap((section) => section.findings)
  const count = (wanted: Finding['level'], one: string, many: string): string => {
    const n = findings.filter(({ level }) => level === wanted).length
    return n === 0 ? `no ${many}` : `${n} ${n === 1 ? one : many}`
  }
  const seconds = (tookMs / 1000).toFixed(1)
  return `${count('fail', 'fault', 'faults')}, ${count('warn', 'warning', 'warnings')}; ${findings.length} checks in ${seconds} s\n`
}

/** For programs. */
export const reportOf = (sections: readonly ExaminedSection[], version: string, tookMs: number) => ({
  version,
  healthy: isHealthy(sections),
  durationMs: Math.round(tookMs),
  sections,
})

/** Warnings are no faults. */
export const isHealthy = (sections: readonly ExaminedSection[]): boolean =>
  sections.every(({ findings }) => findings.every(({ level }) => level !== 'fail'))

/** The second fence: vendors' words are repeated here, and a vendor may repeat a secret. */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((cut, secret) => cut.replaceAll(secret, '[redacted]'), text)
