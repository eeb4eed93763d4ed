// Checks what travels with the scripts of a deployment: wheels, zips of modules, modules and jars.
import type { StoredObjectRow } from '../datasources/catalog/tables.js'
import { badInput } from '../errors.js'
import { parseWheelName } from '../python-runtime.js'

export const mostLibraries = 100

export type LibraryKind = 'WHEEL' | 'ZIP' | 'MODULE' | 'JAR'

/** Null when it is nothing that can travel. */
export function libraryKindOf(fileName: string): LibraryKind | null {
  if (fileName.endsWith('.whl')) return parseWheelName(fileName) && 'WHEEL'
  if (/^[A-Za-z_]\w*\.py$/.test(fileName)) return 'MODULE'
  if (/^[\w.+() -]+\.zip$/.test(fileName)) return 'ZIP'
  return /^[\w.+-]+\.jar$/.test(fileName) ? 'JAR' : null
}

export const libraryNameOf = ({ key }: Pick<StoredObjectRow, 'key'>): string => key.slice(key.lastIndexOf('/') + 1)

/** @throws BAD_USER_INPUT */
export function requireLibraries(libraries: readonly StoredObjectRow[]): void {
  const names = new Set<string>()
  for (const [index, library] of libraries.entries()) {
    const field = `input.libraries[${index}].key`
    const name = libraryNameOf(library)
    if (libraryKindOf(name) === null)
      throw badInput(
        field,
        `${field}: "${name}" is no library: allowed are wheels (.whl, named as their format wants it), .zip with Python modules, single modules (.py, with a name that Python can import) and .jar.`,
      )
    if (names.has(name)) throw badInput(field, `${field}: another library is named "${name}" too.`)
    if (library.size === 0) throw badInput(field, `${field}: the library "${name}" is empty.`)
    names.add(name)
  }
}
