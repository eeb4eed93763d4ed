import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when it has come to that. @throws when it has not, in time */
export async function eventually(what: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error(`it did not come to that within ${ms} ms`)
    await sleep(10)
  }
}
