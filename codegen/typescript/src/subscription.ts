import { DhuoGraphError, errorFrom, isDhuoGraphError, reasonOf } from './graphql-error.js'
import { isPassing } from './graphql-request.js'
import { Mailbox } from './mailbox.js'
import type { OpenSocket, OperationPayload } from './open-socket.js'
import type { SocketLink } from './socket-link.js'
import { Trouble } from './trouble.js'
import { followSignal, type RetryPolicy } from './waiting.js'

/** How a subscription goes on where it was cut off: it has a variable that says what was seen last. */
export interface Resume<Result> {
  variable: string
  /** The position of a result; those that follow have higher ones. */
  cursor(result: Result): number
  /** That positions follow each other without a gap: then one is taken for a loss, and read again. */
  contiguous?: boolean
}

/** What happens below a subscription. */
export type ConnectionChange =
  | { state: 'open' }
  /** It is gone, and will be tried again after `retryInMs`. */
  | { state: 'lost'; error: DhuoGraphError; retryInMs: number }

export interface SubscribeOptions<Result> {
  /** Ends it; the iterator throws its reason. */
  signal?: AbortSignal
  resume?: Resume<Result>
  /**
   * Without `resume`, what happens while the connection is away is missed: with this, the subscription begins anew and calls
   * it, so that you read what you show once more. Without either, it ends with CONNECTION_LOST.
   */
  onGap?(): void
  onConnection?(change: ConnectionChange): void
  operationName?: string
}

interface SubscriptionSettings {
  link: SocketLink
  retry: RetryPolicy
  retries: number
  /** How many results may wait for a reader that is slower than the server. */
  mostWaiting: number
  /** Ends it, and well. */
  closed: AbortSignal
}

/** Results as they come. Nothing is sent before the first is asked for; `return` (leaving the loop) ends the subscription. */
export function subscribe<Result>(
  settings: SubscriptionSettings,
  payload: OperationPayload,
  options: SubscribeOptions<Result>,
): AsyncIterableIterator<Result> {
  const { controller, release } = followSignal(options.signal)
  const left = new Error('The reader has left.')
  const leave = () => controller.abort(left)
  settings.closed.addEventListener('abort', leave, { once: true })
  const end = () => {
    release()
    settings.closed.removeEventListener('abort', leave)
  }
  const results = run(settings, payload, options, controller.signal)
  const step = async (taken: Promise<IteratorResult<Result, void>>): Promise<IteratorResult<Result, void>> => {
    try {
      const result = await taken
      if (result.done) end()
      return result
    } catch (error) {
      end()
      if (error === left) return { done: true, value: undefined }
      throw error
    }
  }
  return {
    next: () => step(results.next()),
    // A generator that waits does not hear of `return`: the signal wakes it.
    return: () => {
      leave()
      return step(results.return())
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* run<Result>(
  { link, retry, retries, mostWaiting }: SubscriptionSettings,
  payload: OperationPayload,
  options: SubscribeOptions<Result>,
  signal: AbortSignal,
): AsyncGenerator<Result, void, undefined> {
  const { resume, onGap, onConnection } = options
  const tell = (change: { error: DhuoGraphError; retryInMs: number }) => onConnection?.({ state: 'lost', ...change })
  const trouble = new Trouble({ retry, retries, signal, tell })
  let last = Number(payload.variables[resume?.variable ?? ''] ?? 0)
  let hasBegun = false
  let wasRefused = false
  for (;;) {
    signal.throwIfAborted()
    let socket: OpenSocket
    try {
      socket = await orAborted(link.open(), signal)
    } catch (error) {
      await trouble.after(error)
      continue
    }
    onConnection?.({ state: 'open' })
    const openedAt = performance.now()
    const variables = resume ? { ...payload.variables, [resume.variable]: last } : payload.variables
    const begun = hasBegun && !resume ? onGap : undefined
    const results = resultsOn<Result>(socket, { ...payload, variables }, { mostWaiting, signal, begun })
    hasBegun = true
    try {
      for await (const result of results) {
        trouble.isOver()
        wasRefused = false
        if (resume) {
          const at = resume.cursor(result)
          if (at <= last) continue
          if (resume.contiguous && at > last + 1) throw new DhuoGraphError('UNREACHABLE', `Result ${last + 1} did not come.`)
          last = at
        }
        yield result
      }
      return
    } catch (error) {
      signal.throwIfAborted()
      // It need not have brought anything to have worked.
      if (performance.now() - openedAt > retry.longestDelayMs) trouble.isOver()
      const isBehind = isDhuoGraphError(error, 'CONNECTION_LOST')
      // What was shown has been refused: opening anew asks for something better, or fails for good.
      const isRefused = isDhuoGraphError(error, 'UNAUTHENTICATED') && !wasRefused
      if (!resume && !onGap && (isBehind || isRefused || (isDhuoGraphError(error) && isPassing(error))))
        throw isBehind
          ? error
          : new DhuoGraphError('CONNECTION_LOST', `The subscription was cut off: ${reasonOf(error)}`, { cause: error })
      if (isRefused) wasRefused = true
      else if (!isBehind) await trouble.after(error)
    }
  }
}

function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason)
    signal.addEventListener('abort', end, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  })
}

/** Ends when the server completes. @throws CONNECTION_LOST when the reader was too slow; UNREACHABLE … */
async function* resultsOn<Result>(
  socket: OpenSocket,
  payload: OperationPayload,
  { mostWaiting, signal, begun }: { mostWaiting: number; signal: AbortSignal; begun: (() => void) | undefined },
): AsyncGenerator<Result, void, undefined> {
  const mailbox = new Mailbox<Result>(mostWaiting)
  const stop = socket.start(payload, {
    next: ({ data, errors }) => {
      if (errors) mailbox.end(errorFrom(errors, { data }))
      else if (!mailbox.put(data as Result)) stop()
    },
    complete: () => mailbox.end(null),
    fail: (error) => mailbox.end(error),
    lose: (error) => mailbox.end(error),
  })
  begun?.()
  const wake = () => mailbox.abort(signal.reason)
  signal.addEventListener('abort', wake, { once: true })
  try {
    for (;;) {
      const waiting = await mailbox.take()
      if (waiting === null) return
      yield waiting.item
    }
  } finally {
    signal.removeEventListener('abort', wake)
    stop()
  }
}
