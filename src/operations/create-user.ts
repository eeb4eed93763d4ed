// Makes a person who logs in by password.
import { hashPassword } from '../credentials.js'
import type { Catalog } from '../datasources/catalog/catalog.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { UserRow } from '../datasources/catalog/tables.js'
import { badInput, DhuoError } from '../errors.js'

export interface NewUser {
  email: string
  password: string
  name: string | null
  isAdmin: boolean
}

/** @throws BAD_USER_INPUT, CONFLICT when the email is taken */
export async function createUser(catalog: Catalog, { email, password, name, isAdmin }: NewUser): Promise<UserRow> {
  const address = email.trim().toLowerCase()
  if (address.length > 254 || !/^[^\s@]+@[^\s@]+$/.test(address))
    throw badInput('input.email', 'input.email must be an email address.')
  if (password.length < 8 || password.length > 1024)
    throw badInput('input.password', 'input.password must have 8 to 1024 characters.')
  if (name !== null && name.length > 200) throw badInput('input.name', 'input.name has at most 200 characters.')
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
