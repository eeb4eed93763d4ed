import { setTimeout as sleep } from 'node:timers/promises'
import { roleNow } from './access.js'
import type { Context } from './context.js'
import { DhuoError, isDhuoError, notFound } from './errors.js'

interface Rhythm {
  /** How often a stream looks whether its viewer may still see it. */
  everyMs?: number
  /** From the last look that said so to the end of a stream whose viewer cannot be looked up: the catalog is away. */
  patienceMs?: number
  retryMs?: number
}

/**
 * The messages, for as long as the viewer may see the project: a role that is taken or a key that is revoked ends the stream
 * within seconds, whether messages come or not. While that cannot be found out the stream stays open and gives nothing; what
 * came meanwhile it gives afterwards.
 * @throws UNAUTHENTICATED, NOT_FOUND when it ends so; BACKEND_UNAVAILABLE when that could not be found out for too long
 */
export async function* whileVisible<Message>(
  context: Context,
  projectId: string,
  messages: AsyncIterableIterator<Message>,
  { everyMs = 10_000, patienceMs = 30_000, retryMs = 1_000 }: Rhythm = {},
): AsyncGenerator<Message> {
  const { signal } = context
  // One timer, and no race: a log has thousands of messages a second.
  let wake = (): void => {}
  let isDue = false
  let confirmedAt = Date.now()
  let timer: NodeJS.Timeout | undefined
  const confirmed = (at: number): void => {
    confirmedAt = at
    isDue = false
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        isDue = true
        wake()
      },
      at + everyMs - Date.now(),
    )
  }
  const confirm = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const leftMs = confirmedAt + patienceMs - Date.now()
        // One that is not answered is asked anew: a connection may be dead.
        const at = await within(Math.min(leftMs, patienceMs / 3), signal, lookAgain(context, projectId, everyMs / 2))
        if (at !== null) return confirmed(at)
      } catch (error) {
        if (!isDhuoError(error) || error.code !== 'BACKEND_UNAVAILABLE') throw error
      }
      if (Date.now() - confirmedAt >= patienceMs) throw unknown(patienceMs)
      await sleep(retryMs, undefined, { signal }).catch(() => {})
    }
  }
  const nextOf = () => {
    const promised = messages.next()
    // It may fail while nobody waits for it, and must not end the process then; whoever awaits it still gets the error.
    promised.catch(() => {})
    return promised
  }
  let next = nextOf()
  confirmed(Date.now())
  try {
    while (true) {
      const result = await new Promise<IteratorResult<Message> | null>((resolve, reject) => {
        wake = () => resolve(null)
        if (isDue) wake()
        else next.then(resolve, reject)
      })
      if (result?.done) return
      if (result === null || isDue || Date.now() - confirmedAt >= everyMs) await confirm()
      if (signal.aborted) return
      if (result === null) continue
      yield result.value
      next = nextOf()
    }
  } finally {
    clearTimeout(timer)
    await messages.return?.()
  }
}

/** All streams of one viewer in one project look together. @returns when it was so */
const lookAgain = (context: Context, projectId: string, oldestMs: number): Promise<number> =>
  context.looks.look(`${projectId} ${context.credentials}`, oldestMs, async () => {
    const viewer = await context.viewerNow()
    if (!viewer) throw new DhuoError('UNAUTHENTICATED', 'The credentials of this stream are no longer valid.')
    if (!(await roleNow(context.datasources, viewer, projectId))) throw notFound('The project')
  })

const unknown = (ms: number): DhuoError =>
  new DhuoError(
    'BACKEND_UNAVAILABLE',
    `For ${Math.round(ms / 1_000)} s it could not be found out whether you may still see this: subscribe again.`,
  )

/** Null when it is not over in time, or the signal aborts before: a database that is frozen answers nobody. */
function within<T>(ms: number, signal: AbortSignal, work: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(null)
    const timer = setTimeout(giveUp, Math.max(0, ms))
    signal.addEventListener('abort', giveUp)
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
    })
  })
}
