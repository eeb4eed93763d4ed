// Makes a person who logs in by password.
import { canonicalEmail, hashPassword, longestPassword } from '../credentials.js'
import type { Catalog } from '../datasources/catalog/catalog.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { UserRow } from '../datasources/catalog/tables.js'
import { badInput, DhuoError } from '../errors.js'
import { requireText } from '../tracking-rules.js'

export interface NewUser {
  email: string
  password: string
  name: string | null
  isAdmin: boolean
}

/** @throws BAD_USER_INPUT, CONFLICT when the email is taken */
export async function createUser(catalog: Catalog, { email, password, name, isAdmin }: NewUser): Promise<UserRow> {
  const address = canonicalEmail(email)
  if (address === null) throw badInput('input.email', 'input.email must be an email address of at most 254 characters.')
  if (password.length < 8 || password.length > longestPassword)
    throw badInput('input.password', `input.password must have 8 to ${longestPassword} characters.`)
  if (name !== null) requireText(name, 200, 'input.name')
  const user: UserRow = {
    id: newId('user'),
    email: address,
    name,
    passwordHash: await hashPassword(password),
    isAdmin: isAdmin ? 1 : 0,
    createdAt: new Date().toISOString(),
  }
  if (!(await catalog.users.insert(user)))
    throw new DhuoError('CONFLICT', `There is a user with the email ${address}.`, { field: 'input.email' })
  return user
}
