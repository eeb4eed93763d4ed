// Reads a requirements.txt that is an object.
import { text } from 'node:stream/consumers'
import type { StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput } from '../errors.js'
import { mostRequirementsBytes } from '../requirements-text.js'
import { locationOf } from './object-table.js'

/** @throws BAD_USER_INPUT it is too large */
export async function readRequirements(datasources: Datasources, object: StoredObjectRow): Promise<string> {
  const field = 'input.requirements'
  if (object.size > mostRequirementsBytes)
    throw badInput(field, `${field}: the object has more than ${mostRequirementsBytes} bytes.`)
  return text(await datasources.storage.read(await locationOf(datasources, object)))
}
