import { MessageQueue } from './message-queue.js'
import type { Events, Messages, Topic } from './topics.js'

/** Events within one process: for a server that is alone. */
export class MemoryEvents implements Events {
  readonly kind = 'memory'
  readonly dropped = 0
  readonly #subscribers = new Map<string, Set<MessageQueue<never>>>()

  async ping(): Promise<void> {}

  publish<T extends Topic>(topic: T, id: string, message: Messages[T]): void {
    for (const queue of this.#subscribers.get(`${topic} ${id}`) ?? []) (queue as MessageQueue<Messages[T]>).push(message)
  }

  async subscribe<T extends Topic>(
    topic: T,
    id: string,
    signal: AbortSignal,
  ): Promise<AsyncIterableIterator<Messages[T], undefined>> {
    const name = `${topic} ${id}`
    const queues = this.#subscribers.get(name) ?? new Set()
    const queue = new MessageQueue<Messages[T]>(() => {
      signal.removeEventListener('abort', stop)
      queues.delete(queue as MessageQueue<never>)
      if (queues.size === 0) this.#subscribers.delete(name)
    })
    const stop = (): void => queue.end()
    this.#subscribers.set(name, queues.add(queue as MessageQueue<never>))
    if (signal.aborted) queue.end()
    else signal.addEventListener('abort', stop)
    return queue
  }

  async close(): Promise<void> {
    for (const queues of [...this.#subscribers.values()]) for (const queue of [...queues]) queue.end()
  }
}
