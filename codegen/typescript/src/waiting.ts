import { DhuoGraphError } from './graphql-error.js'

/** How long to keep trying. Waits grow from the first to the longest, each shortened by chance so that clients do not come back all at once. */
export interface RetryPolicy {
  /** Default: 250. */
  firstDelayMs: number
  /** Default: 15,000. */
  longestDelayMs: number
  /** Since it last worked. Default: 300,000. */
  giveUpAfterMs: number
}

export const defaultRetryPolicy: RetryPolicy = { firstDelayMs: 250, longestDelayMs: 15_000, giveUpAfterMs: 300_000 }

/** @param failures one after another, at least 1 */
export const delayAfter = (failures: number, { firstDelayMs, longestDelayMs }: RetryPolicy): number =>
  Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2)

/** @throws the signal's reason */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const end = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end)
      resolve()
    }, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}

/** A signal that follows another and can also be aborted by itself. Call `release` when it is needed no more. */
export function followSignal(parent: AbortSignal | undefined): { controller: AbortController; release(): void } {
  const controller = new AbortController()
  const follow = () => controller.abort(parent?.reason)
  if (parent?.aborted) follow()
  parent?.addEventListener('abort', follow, { once: true })
  return { controller, release: () => parent?.removeEventListener('abort', follow) }
}

/**
 * Work that must move: `moved` starts the time anew. (Node does not keep a process alive for `AbortSignal.timeout`.)
 * @throws what `work` throws; TIMEOUT with `what` when nothing moved for `ms`; the reason of `signal`
 */
export async function withinTime<Result>(
  { ms, what, signal }: { ms: number; what: string; signal: AbortSignal | undefined },
  work: (signal: AbortSignal, moved: () => void) => Promise<Result>,
): Promise<Result> {
  const { controller, release } = followSignal(signal)
  const end = () =>
    controller.abort(new DhuoGraphError('TIMEOUT', `${what} within ${ms / 1_000} s.`, { details: { timeoutMs: ms } }))
  let timer = setTimeout(end, ms)
  const moved = () => {
    clearTimeout(timer)
    timer = setTimeout(end, ms)
  }
  try {
    controller.signal.throwIfAborted()
    return await work(controller.signal, moved)
  } catch (error) {
    controller.signal.throwIfAborted()
    throw error
  } finally {
    clearTimeout(timer)
    release()
  }
}
