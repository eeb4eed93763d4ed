import { createClient, type FormattedExecutionResult } from 'graphql-ws'
import WebSocket from 'ws'
import type { TestHub } from '../hub.js'

export interface SocketStream {
  results: FormattedExecutionResult<Record<string, unknown>, unknown>[]
  /** How it ended: with `complete`, with errors, or with the code that closed the socket. */
  ended: Promise<{ complete: true } | { errors: { message: string; extensions: Record<string, unknown> }[] } | { code: number }>
  close(): Promise<void>
}

/** One operation on a WebSocket of its own. */
export function openStream(hub: TestHub, query: string, connectionParams?: Record<string, unknown>): SocketStream {
  const client = createClient({
    url: `${hub.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
    lazy: true,
  })
  const results: SocketStream['results'] = []
  const ended: SocketStream['ended'] = new Promise((resolve) => {
    client.subscribe<Record<string, unknown>>(
      { query },
      {
        next: (result) => results.push(result),
        error: (error) => resolve(Array.isArray(error) ? { errors: error } : { code: (error as { code: number }).code }),
        complete: () => resolve({ complete: true }),
      },
    )
  })
  return { results, ended, close: async () => client.dispose() }
}

/** The one result of a query, or the code that closed the socket. */
export async function askSocket(hub: TestHub, query: string, connectionParams?: Record<string, unknown>) {
  const stream = openStream(hub, query, connectionParams)
  const end = await stream.ended
  await stream.close()
  return 'complete' in end ? stream.results[0]! : end
}
