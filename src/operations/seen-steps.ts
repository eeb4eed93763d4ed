// Writes down when the compute backend last confirmed the status of steps: of hundreds with one statement or two.
import type { GroupedWrites } from './group-writes.js'

export class SeenSteps {
  /** When each was seen, of those that were seen since it was written down. */
  readonly #seen = new Map<string, string>()

  constructor(private readonly writes: Pick<GroupedWrites, 'write'>) {}

  note(stepId: string, at: string): void {
    this.#seen.set(stepId, at)
  }

  /** What is not written because the catalog does not answer is older by the next time, and so what is shown. */
  async write(): Promise<void> {
    if (this.#seen.size === 0) return
    // One look at the backend sees many.
    const byTime = Map.groupBy(this.#seen, ([, at]) => at)
    this.#seen.clear()
    await this.writes.write(async ({ pipelineSteps }) => {
      for (const [at, steps] of byTime)
        await pipelineSteps.setObserved(
          steps.map(([id]) => id),
          at,
        )
    })
  }
}
