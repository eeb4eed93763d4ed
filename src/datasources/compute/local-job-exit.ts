// Puts into words how a script ended that did not end well.
import type { JobLimits } from './local-job-limits.js'

const meanings: Partial<Record<NodeJS.Signals, (limits: JobLimits) => string>> = {
  SIGKILL: () => 'somebody killed it, or the machine had no memory left',
  SIGTERM: () => 'somebody asked it to end',
  SIGINT: () => 'somebody interrupted it',
  SIGSEGV: () => 'it touched memory that is not its own',
  SIGBUS: () => 'it touched memory that is not there',
  SIGABRT: () => 'it gave up by itself',
  SIGILL: () => 'it has instructions that this processor does not know',
  SIGFPE: () => 'it calculated what cannot be calculated',
  SIGPIPE: () => 'it wrote to somebody who had gone',
  SIGXFSZ: ({ diskMb }) => `it wrote a file beyond ${diskMb} MiB, the bound that DHUO_JOB_DISK_MB sets`,
}

/** @param lastError the last line of standard error: often the exception itself */
export function exitDetail(
  code: number | null,
  signal: NodeJS.Signals | null,
  lastError: string | null,
  limits: JobLimits,
): string {
  const meaning = signal && meanings[signal]?.(limits)
  const how = signal ? `It was ended by ${signal}${meaning ? `: ${meaning}` : ''}.` : `It ended with exit code ${code}.`
  if (lastError === null) return how
  const shown = lastError.trim()
  return `${how} Its last line on standard error: ${shown.length > 500 ? `${[...shown].slice(0, 500).join('')}…` : shown}`
}
