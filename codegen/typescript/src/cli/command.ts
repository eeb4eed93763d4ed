import type { Session } from './session.js'

/** An option as `parseArgs` of Node takes it, and as the help shows it. */
export interface Option {
  type: 'string' | 'boolean'
  short?: string
  multiple?: boolean
  /** What stands for its value in the help. */
  value?: string
  says: string
}

export interface Given {
  values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  positionals: readonly string[]
}

export interface Command {
  /** What follows `dhuo`. */
  usage: string
  summary: string
  /** Further paragraphs of its help. */
  more?: string
  options?: Readonly<Record<string, Option>>
  /** How many arguments it takes, at least and at most. */
  takes: readonly [least: number, most: number]
  /** @returns what the process ends with */
  run(session: Session, given: Given): Promise<number>
}

/** Options of every command. */
export const commonOptions: Readonly<Record<string, Option>> = {
  url: { type: 'string', value: 'URL', says: 'the server; otherwise DHUO_URL, then that of the last login' },
  project: { type: 'string', short: 'p', value: 'NAME', says: 'the project; otherwise DHUO_PROJECT' },
  json: { type: 'boolean', says: 'for programs: JSON on stdout, errors as JSON on stderr' },
  quiet: { type: 'boolean', short: 'q', says: 'no progress and no remarks' },
  help: { type: 'boolean', short: 'h', says: 'this' },
}

export const textOf = ({ values }: Given, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

export const textsOf = ({ values }: Given, name: string): string[] => {
  const value = values[name]
  return Array.isArray(value) ? value.map(String) : []
}

export const isGiven = ({ values }: Given, name: string): boolean => values[name] === true

export function helpOf(command: Command): string {
  const listed = (options: Readonly<Record<string, Option>>) =>
    Object.entries(options).map(([name, { short, value, says }]) => {
      const written = `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`
      return `  ${written.padEnd(26)}  ${says}`
    })
  const own = command.options ? [...listed(command.options), ''] : []
  return [
    `dhuo ${command.usage}`,
    '',
    command.summary,
    ...(command.more ? ['', command.more] : []),
    '',
    ...own,
    ...listed(commonOptions),
    '',
  ].join('\n')
}
