// What each server of the fan-out benchmarks tells of itself.

export type Question = { ask: 'cpu' } | { ask: 'memory' } | { ask: 'keys'; count: number }

/** Answers the parent, the port first. @param keys makes access keys, where there are any */
export function answerParent(port: number, keys?: (count: number) => Promise<string[]>): void {
  const answer = async (question: Question): Promise<unknown> => {
    switch (question.ask) {
      case 'cpu': {
        const { user, system } = process.cpuUsage()
        return (user + system) / 1e6
      }
      case 'memory':
        // With this flavor the memory goes back to the system too.
        await globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' })
        return process.memoryUsage().rss
      case 'keys':
        return keys?.(question.count)
    }
  }
  process.on('message', async (question: Question) => process.send!({ value: await answer(question) }))
  process.on('disconnect', () => process.exit())
  process.send!({ value: port })
}
