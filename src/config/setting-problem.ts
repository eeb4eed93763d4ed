import type { z } from 'zod'

const formats: Record<string, string> = { email: 'an email address', url: 'a URL that begins with http:// or https://' }

/** What is wrong with a setting, for whoever has to mend it, without its value. What a setting says by itself stays. */
export function settingProblem(issue: z.core.$ZodIssue): string {
  const name = issue.path.join('.')
  if (issue.code === 'invalid_type') return `${name}: must be a ${issue.expected === 'int' ? 'whole number' : issue.expected}`
  if (issue.code === 'invalid_value') return `${name}: must be one of ${issue.values.join(', ')}`
  if (issue.code === 'invalid_format') return `${name}: must be ${formats[issue.format] ?? issue.message}`
  const unit = 'origin' in issue && issue.origin === 'string' ? ' characters' : ''
  const verb = unit ? 'have' : 'be'
  if (issue.code === 'too_small') return `${name}: must ${verb} at least ${issue.minimum}${unit}`
  if (issue.code === 'too_big') return `${name}: must ${verb} at most ${issue.maximum}${unit}`
  return `${name}: ${issue.message}`
}
