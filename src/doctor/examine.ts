import type { Config } from '../config.js'
import { type Finding, fail, wordsOf } from '../diagnosis/finding.js'
import { backendSections, type Section } from './backend-diagnoses.js'
import { diagnoseIdentityProvider } from './identity-diagnosis.js'
import { diagnoseMachine } from './machine-diagnosis.js'
import { diagnoseProblems, diagnoseSettings } from './settings-diagnosis.js'

export interface ExaminedSection {
  title: string
  kind: string | null
  findings: Finding[]
}

/** Of one section as a whole. Sections are looked at side by side, so this bounds all of them. */
const sectionMs = 90_000

/** Each section as soon as it and those before it are through; none of them keeps another from being looked at. */
export async function* examine(sections: readonly Section[], withinMs = sectionMs): AsyncGenerator<ExaminedSection> {
  const all = sections.map((section) => examineSection(section, withinMs))
  for (const examined of all) yield await examined
}

/** What is there to look at, for settings that were read. */
export const sectionsOf = (config: Config, given: readonly string[]): Section[] => [
  { title: 'settings', kind: null, diagnose: diagnoseSettings(config, given) },
  { title: 'machine', kind: null, diagnose: diagnoseMachine(config) },
  ...(config.oidc ? [{ title: 'identity provider', kind: 'oidc', diagnose: diagnoseIdentityProvider(config.oidc) }] : []),
  ...backendSections(config),
]

/** Without settings nothing else can be looked at. */
export const sectionsOfProblems = (problems: readonly string[]): Section[] => [
  { title: 'settings', kind: null, diagnose: diagnoseProblems(problems) },
]

async function examineSection({ title, kind, diagnose }: Section, withinMs: number): Promise<ExaminedSection> {
  const findings: Finding[] = []
  const stopping = new AbortController()
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => {
    stopping.abort()
    late.resolve('late')
  }, withinMs)
  const remedy = 'Look at this backend by itself, and run npm run doctor again.'
  try {
    const looking = (async () => {
      for await (const finding of diagnose(stopping.signal)) if (!stopping.signal.aborted) findings.push(finding)
    })()
    if ((await Promise.race([looking, late.promise])) === 'late') {
      // Whatever it still does, nobody hears of it.
      looking.catch(() => {})
      findings.push(fail('time', `It was not through within ${withinMs / 1000} s.`, remedy))
    }
  } catch (error) {
    findings.push(fail('examination', wordsOf(error), remedy))
  } finally {
    clearTimeout(timer)
  }
  return { title, kind, findings: [...findings] }
}
