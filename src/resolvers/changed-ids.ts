/**
 * The id that each message names: read as they come, so that nobody falls behind, and handed out as the consumer asks; one that
 * is named again before it was handed out is handed out once.
 */
export function changedIds<Message>(
  messages: AsyncIterableIterator<Message>,
  idOf: (message: Message) => string,
): AsyncIterableIterator<string> {
  const waiting = new Set<string>()
  let wake = Promise.withResolvers<void>()
  let end: { error: unknown } | 'done' | null = null
  const read = async (): Promise<void> => {
    try {
      for await (const message of messages) {
        waiting.add(idOf(message))
        wake.resolve()
      }
      end = 'done'
    } catch (error) {
      end = { error }
    }
    wake.resolve()
  }
  void read()
  return {
    async next() {
      while (waiting.size === 0) {
        if (end === 'done') return { done: true, value: undefined }
        if (end) throw end.error
        await wake.promise
        wake = Promise.withResolvers()
      }
      const [id] = waiting
      waiting.delete(id!)
      return { done: false, value: id! }
    },
    async return() {
      waiting.clear()
      await messages.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
