// Matches the parameters a client gives to those a statement has, and says what is wrong with them.
import { badInput, DhuoError, isDhuoError } from '../../errors.js'
import type { Parameters } from './lakehouse.js'

/** @param message names the parameter by its `labelOf` */
export const wrongParameter = (message: string) => badInput('params', message)

/** As the client wrote it: `1` for the first `?`, `$name`. */
export const labelOf = (name: string): string => (/^\d+$/.test(name) ? name : `$${name}`)

const count = (n: number) => (n === 1 ? '1 parameter' : `${n} parameters`)
const shown = (names: readonly string[]) => names.map((name) => (/^\d+$/.test(name) ? '?' : `$${name}`)).join(', ')

/**
 * @param names of the statement's parameters; those that are numbers are places. Case makes no difference.
 * @returns the values in the order of `names`
 * @throws DhuoError BAD_USER_INPUT, field `params`
 */
export function parameterValues(names: readonly string[], params: Parameters | undefined): unknown[] {
  const positional = names.every((name) => /^\d+$/.test(name))
  if (params === undefined || params === null) {
    if (names.length > 0) throw wrongParameter(`The statement has ${count(names.length)} (${shown(names)}) and none was given.`)
    return []
  }
  if (typeof params !== 'object') throw wrongParameter('Parameters are an array for ? or an object for $name.')
  if (Array.isArray(params)) {
    if (!positional) throw wrongParameter(`The statement's parameters have names (${shown(names)}): give an object.`)
    if (params.length !== names.length)
      throw wrongParameter(
        `The statement has ${count(names.length)}, ${params.length} ${params.length === 1 ? 'was' : 'were'} given.`,
      )
    return params
  }
  const given = params as Record<string, unknown>
  if (names.length > 0 && positional)
    throw wrongParameter(`The statement's parameters have no names: give an array of ${names.length}.`)
  const byName = new Map(Object.keys(given).map((name) => [name.toLowerCase(), name]))
  const values = names.map((name) => {
    const key = byName.get(name.toLowerCase())
    if (key === undefined) throw wrongParameter(`The parameter $${name} was not given.`)
    byName.delete(name.toLowerCase())
    return given[key]
  })
  const [unused] = byName.values()
  if (unused !== undefined) throw wrongParameter(`The statement has no parameter $${unused}.`)
  return values
}

/** Said of values of a kind that no backend can bind. */
export const unboundable = (name: string, value: unknown) =>
  wrongParameter(
    `The parameter ${labelOf(name)} is ${typeof value}: null, a boolean, a number, a string, a list or an object is allowed.`,
  )

/** The same error, with the set of parameters that it is about. */
export const withBatchIndex = (error: unknown, batchIndex: number): unknown =>
  isDhuoError(error)
    ? new DhuoError(error.code, `${error.message} (set ${batchIndex} of the batch; nothing was changed)`, {
        ...(error.field && { field: error.field }),
        details: { ...error.details, batchIndex },
        cause: error.cause,
      })
    : error
