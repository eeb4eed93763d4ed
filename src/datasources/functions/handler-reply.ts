// What the program around a handler says, in the words of this server.
import { DhuoError } from '../../errors.js'

/** Exactly one of them: see templates/oci-function/handler_host.py. */
export interface HandlerReply {
  ready?: true
  /** The handler could not be loaded. */
  failed?: string
  predictions?: unknown[]
  /** The handler raised. */
  refused?: string
  /** What the handler returned cannot be an answer. */
  wrong?: string
}

/** @throws BAD_USER_INPUT the handler raised, PRECONDITION_FAILED it cannot be loaded, BACKEND_UNAVAILABLE it gave no answer */
export function predictionsOf(reply: HandlerReply): unknown[] {
  if (Array.isArray(reply.predictions)) return reply.predictions
  if (reply.failed !== undefined) throw cannotBeLoaded(reply.failed)
  if (reply.refused !== undefined)
    throw new DhuoError('BAD_USER_INPUT', `The handler refuses the rows: ${reply.refused}`, { field: 'rows' })
  throw new DhuoError('BACKEND_UNAVAILABLE', `The handler gave no answer: ${reply.wrong ?? 'its process wrote something else'}.`)
}

export const cannotBeLoaded = (why: string): DhuoError =>
  new DhuoError('PRECONDITION_FAILED', `The handler cannot be loaded: ${why}.`)

export const diedTwice = (how: string): DhuoError =>
  new DhuoError('BACKEND_UNAVAILABLE', `The handler died twice over these rows: ${how}.`)

export const tookTooLong = (seconds: number): DhuoError =>
  new DhuoError('TIMEOUT', `The handler took longer than ${seconds} seconds and was stopped.`)
