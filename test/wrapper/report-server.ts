import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Report {
  attempt: number
  lines: { number: number; at: string; stream: string; text: string }[]
  marks: { number: number; progress: number | null; message: string | null; status: string | null }[]
  final: boolean
}

/** What becomes of a request. `lost`: it is taken, and the answer does not come. */
export type Behaviour = 'taken' | 'lost' | 'hang' | { code: string; status?: number } | { status: number } | { delayMs: number }

/** Takes reports as the server does, by their numbers, and misbehaves when it is told to. */
export class ReportServer {
  readonly reports: Report[] = []
  readonly objects = new Map<string, Report & { end: unknown }>()
  /** For the next requests, in turn; then `otherwise`. */
  readonly next: Behaviour[] = []
  otherwise: Behaviour = 'taken'
  requests = 0
  #port = 0
  #server = this.#create()

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  /** Nobody listens any more, and connections that are open are cut. */
  async shut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
    this.#server = this.#create()
  }

  /** Everything that was taken, each number once, in the order of the numbers. */
  get output(): { number: number; stream: string; text: string }[] {
    const byNumber = new Map<number, { number: number; stream: string; text: string }>()
    for (const report of [...this.reports, ...this.objects.values()])
      for (const { number, stream, text } of report.lines) byNumber.set(number, { number, stream, text })
    return [...byNumber.values()].sort((a, b) => a.number - b.number)
  }

  get texts(): string[] {
    return this.output.map(({ text }) => text)
  }

  #create() {
    return createServer(async (request, response) => {
      const body = JSON.parse(await text(request))
      this.requests++
      const behaviour = this.next.shift() ?? this.otherwise
      if (behaviour === 'hang') return
      if (typeof behaviour === 'object' && 'delayMs' in behaviour)
        await new Promise((resolve) => setTimeout(resolve, behaviour.delayMs))
      if (typeof behaviour === 'object' && !('delayMs' in behaviour)) return refuse(response, behaviour)
      if (request.method === 'PUT') this.objects.set(request.url!, body)
      else this.reports.push(body.variables.input)
      if (behaviour === 'lost') request.socket.destroy()
      else response.end(request.method === 'PUT' ? '' : '{"data":{"reportStep":{"id":"step_1"}}}')
    })
  }
}

function refuse(response: ServerResponse, { status, code }: { status?: number; code?: string }): void {
  response.statusCode = status ?? 200
  response.end(code ? JSON.stringify({ errors: [{ message: 'no', extensions: { code } }] }) : '<html>a proxy says no</html>')
}
