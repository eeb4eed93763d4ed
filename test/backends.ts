import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findPostgres } from './postgres-server.js'

/** Which backends this machine can test. What it cannot is skipped, aloud and with the reason. */

/** Where a program is, or null. */
function findProgram(name: string): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(directory, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Elsewhere, or nowhere.
    }
  }
  const postgres = findPostgres()
  return name === 'postgres' && postgres ? join(postgres, name) : null
}

/** `describe` where all the programs are; otherwise one that skips its tests. @param what is then not tested: `Redis` */
export function describeWith(what: string, programs: readonly string[]): typeof describe.skip {
  const missing = programs.filter((name) => findProgram(name) === null)
  if (missing.length === 0) return describe
  console.warn(`skipped: ${what} is not tested here, for there is no ${missing.join(' and no ')} on the PATH`)
  return describe.skip
}
