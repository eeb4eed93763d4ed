interface Look {
  beganAt: number
  done: Promise<void>
}

/** What many look up at about the same time is looked up once for all of them. */
export class SharedLooks {
  private readonly recent = new Map<string, Look>()

  /**
   * @param oldestMs how long ago the look may have begun that is taken for this one; nobody takes one that failed
   * @returns when what is known now was true: the time at which its look began
   */
  async look(what: string, oldestMs: number, look: () => Promise<void>): Promise<number> {
    const now = Date.now()
    const there = this.recent.get(what)
    const taken = there && now - there.beganAt < oldestMs ? there : { beganAt: now, done: look() }
    if (taken !== there) this.remember(what, taken, oldestMs)
    await taken.done
    return taken.beganAt
  }

  private remember(what: string, look: Look, ms: number): void {
    this.recent.set(what, look)
    const forget = (): void => {
      if (this.recent.get(what) === look) this.recent.delete(what)
    }
    look.done.then(() => setTimeout(forget, ms).unref(), forget)
  }
}
