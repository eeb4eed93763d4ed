import { readConfig } from '../../src/config.js'
import type { Finding } from '../../src/diagnosis/finding.js'
import { examine, sectionsOf } from '../../src/doctor/examine.js'

/** What the doctor finds in the sections of those titles, with the settings of a server on a free port. */
export async function findingsOf(settings: Record<string, string>, ...titles: string[]): Promise<Finding[]> {
  const config = readConfig({ PORT: '0', PATH: process.env['PATH'], ...settings })
  const sections = sectionsOf(config, Object.keys(settings)).filter(({ title }) => titles.includes(title))
  expect(sections.map(({ title }) => title).sort()).toEqual([...titles].sort())
  const found: Finding[] = []
  for await (const { findings } of examine(sections)) found.push(...findings)
  return found
}

/** Those that are not well. */
export const faults = (findings: readonly Finding[]): Finding[] => findings.filter(({ level }) => level !== 'ok')

/** The one fault that is expected, and that nothing else is wrong. */
export function onlyFault(findings: readonly Finding[]): Finding {
  expect(faults(findings)).toHaveLength(1)
  return faults(findings)[0]!
}
