// Tells errors of a port in the words of whoever called: a port names its own parameters, a client wants to read its argument.
import { DhuoError, isDhuoError } from '../errors.js'

/**
 * What `work` gives.
 * @param names of arguments, by the port's names; a field that is not among them stays as it is
 * @throws what `work` throws, with the name of the argument as its field
 */
export async function inTermsOf<T>(names: Readonly<Record<string, string>>, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const field = isDhuoError(error) && error.field !== undefined ? names[error.field] : undefined
    if (!isDhuoError(error) || field === undefined) throw error
    throw new DhuoError(error.code, error.message, {
      field,
      cause: error.cause,
      ...(error.details && { details: error.details }),
    })
  }
}
