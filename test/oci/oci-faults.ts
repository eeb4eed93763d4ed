// What can go wrong between a client and the double, on purpose.
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** One misfortune. Exactly one of the fields below `times`. */
export interface OciFault {
  /** The operation it strikes, by the SDK's name; without it, every one. */
  operation?: string
  /** How many requests it strikes. Default: one. */
  times?: number
  /** Lets so many pass first. */
  after?: number
  /** Answers with an error in place of doing anything. `code` as OCI has it; without it the body is a proxy's page. */
  refuse?: { status: number; code?: string; headers?: Record<string, string> }
  /** Waits, and then does it. */
  delayMs?: number
  /** Cuts the connection: before anything is done, or when it is done and its answer is due. */
  reset?: 'before' | 'after'
  /** Never answers: before anything is done, or when it is done. */
  hang?: 'before' | 'after'
  /** Cuts the connection when so many bytes of the request's body have come. */
  cutRequestAfter?: number
  /** Cuts the connection, or falls silent, when so many bytes of the answer's body have gone. */
  cutAnswerAfter?: number
  stallAnswerAfter?: number
}

export class OciFaults {
  #planned: (OciFault & { left: number; skip: number })[] = []

  /** Strikes in the order in which they were added. */
  add(...faults: OciFault[]): void {
    this.#planned.push(...faults.map((fault) => ({ ...fault, left: fault.times ?? 1, skip: fault.after ?? 0 })))
  }

  clear(): void {
    this.#planned = []
  }

  /** The misfortune of this request, if it has one; it counts as used. */
  take(operation: string): OciFault | null {
    for (const fault of this.#planned) {
      if (fault.left <= 0 || (fault.operation !== undefined && fault.operation !== operation)) continue
      if (fault.skip > 0) {
        fault.skip--
        continue
      }
      fault.left--
      return fault
    }
    return null
  }
}

/** What happens before the service does anything. @returns true when it is not to do anything */
export async function strikeBefore(fault: OciFault | null, request: IncomingMessage): Promise<boolean> {
  // A request whose reading is broken off knows its connection no more.
  const { socket } = request
  if (fault?.delayMs !== undefined) await sleep(fault.delayMs)
  if (fault?.reset === 'before') socket.destroy()
  if (fault?.cutRequestAfter !== undefined) {
    let seen = 0
    for await (const part of request) {
      seen += (part as Buffer).length
      if (seen >= fault.cutRequestAfter) break
    }
    socket.destroy()
  }
  return fault?.reset === 'before' || fault?.hang === 'before' || fault?.cutRequestAfter !== undefined
}
