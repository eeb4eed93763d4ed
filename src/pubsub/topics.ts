/** One logged point of a metric. */
export interface LoggedMetric {
  key: string
  /** 0 for NaN; the infinities as text, for JSON has none. */
  value: number | 'Infinity' | '-Infinity'
  isNan: 0 | 1
  /** Digits where it is beyond 2^53. */
  step: number | string
  /** Milliseconds since 1970. */
  timestamp: number
}

/** What is published, by topic. Each topic has one stream for each id; messages are plain JSON, for they may leave the process. */
export interface Messages {
  /** id: the run. The points of one batch, in the order in which they were sent. */
  metricsLogged: { points: LoggedMetric[] }
  /** id: the log, that of a pipeline run. Events that were just written, in order. */
  logEvents: { events: readonly unknown[] }
  /** id: the project. The run, or one of its steps, is no longer as it was. */
  pipelineRunChanged: { pipelineRunId: string }
  /** id: `all`. There is something to do for whichever server advances the run. */
  pipelineRunDue: { pipelineRunId: string }
  /** id: the project. A version was made, or changed stage. */
  modelVersionChanged: { modelVersionId: string; modelId: string }
}

export type Topic = keyof Messages

/** What operations see: publishing neither waits nor fails. Publish after the commit, never inside the transaction. */
export interface Publisher {
  publish<T extends Topic>(topic: T, id: string, message: Messages[T]): void
}

/**
 * Carries messages to whoever listens at that moment, at most once: what must not be missed is read from the catalog.
 */
export interface Events extends Publisher {
  /** The scheme of the URL that chose it: `memory`, `redis`. */
  readonly kind: string
  /** Messages that were published and certainly or possibly went nowhere, since the start. */
  readonly dropped: number
  /** Resolves when messages get through. @throws BACKEND_UNAVAILABLE */
  ping(): Promise<void>
  /**
   * Every message published after this has resolved, in order, until the signal aborts or the consumer stops. A consumer that
   * falls too far behind gets the error RATE_LIMITED, so that it holds no memory; one that may have missed messages, for the
   * connection broke, gets BACKEND_UNAVAILABLE. Either may subscribe again, and read what was missed elsewhere.
   * @throws BACKEND_UNAVAILABLE when nothing can be promised now
   */
  subscribe<T extends Topic>(topic: T, id: string, signal: AbortSignal): Promise<AsyncIterableIterator<Messages[T], undefined>>
  close(): Promise<void>
}

/** Streams of the events of many logs that lose nothing: what is missed among the messages is read from the catalog. */
export interface EventLogs<Event> {
  /**
   * Every event of a log with a higher sequence than `after`, first those that are past, then each as it happens; over after
   * the last event of the log, when the signal aborts, or when the consumer stops. A log that does not exist has no events.
   * @throws BACKEND_UNAVAILABLE when what is missed could not be read for too long
   */
  watch(logId: string, after: number, signal: AbortSignal): AsyncIterableIterator<Event>
}
