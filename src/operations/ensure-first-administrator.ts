// Makes the first administrator on the first start: without one nobody could log in.
import { newOneTimePassword } from '../credentials.js'
import type { Catalog } from '../datasources/catalog/catalog.js'
import { isDhuoError } from '../errors.js'
import { createUser } from './create-user.js'

/** @returns the password that was made up, when there was nobody yet and none was configured; to be shown once */
export async function ensureFirstAdministrator(
  catalog: Catalog,
  { email, password }: { email: string; password: string | null },
): Promise<string | null> {
  if (await catalog.users.hasAny()) return null
  const madeUp = password === null ? newOneTimePassword() : null
  try {
    await createUser(catalog, { email, password: password ?? madeUp!, name: null, isAdmin: true })
    return madeUp
  } catch (error) {
    // Several servers start at once on one catalog: another was quicker.
    if (isDhuoError(error) && error.code === 'CONFLICT') return null
    throw error
  }
}
