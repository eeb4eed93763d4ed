import { type PipelineEventFieldsFragment, WatchPipelineRun, type WatchPipelineRunSubscription } from './generated/operations.js'
import type { ConnectionChange, SubscribeOptions } from './subscription.js'
import type { TypedDocument } from './typed-document.js'

export interface WatchRunOptions {
  /** The sequence of the last event that you have seen. Default: 0, from the beginning. */
  after?: number
  signal?: AbortSignal
  onConnection?(change: ConnectionChange): void
}

export interface Subscriber {
  subscribe<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables,
    options: SubscribeOptions<Result>,
  ): AsyncIterableIterator<Result>
}

/** @throws NOT_FOUND, UNAUTHENTICATED; UNREACHABLE when the server stays away */
export function watchPipelineRun(
  client: Subscriber,
  id: string,
  { after = 0, ...options }: WatchRunOptions = {},
): AsyncIterableIterator<PipelineEventFieldsFragment> {
  const resume = {
    variable: 'after',
    cursor: ({ pipelineEvents }: WatchPipelineRunSubscription) => pipelineEvents.sequence,
    contiguous: true,
  }
  const results = client.subscribe(WatchPipelineRun, { pipelineRun: id, after }, { ...options, resume })
  const eventOf = ({ done, value }: IteratorResult<WatchPipelineRunSubscription>): IteratorResult<PipelineEventFieldsFragment> =>
    done ? { done, value } : { done: false, value: value.pipelineEvents }
  return {
    next: async () => eventOf(await results.next()),
    return: async () => eventOf(await results.return!()),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
