import { ReportServer } from './report-server.js'
import { type RunningScript, ScriptPlace, serverEnvironment } from './wrapped-script.js'

/** Scripts under the wrapper that report to a server; each test has a server of its own. */
export interface ReportingScripts {
  readonly server: ReportServer
  /** @param tuning of DHUO_WRAPPER */
  start(script: string, tuning?: string, environment?: Record<string, string>): Promise<RunningScript>
}

/** Opens and closes with the tests of the file that calls it. */
export function reportingScripts(): ReportingScripts {
  const place = new ScriptPlace()
  let server: ReportServer
  beforeAll(() => place.open())
  beforeEach(async () => {
    server = await new ReportServer().open()
  })
  afterEach(() => server.shut())
  afterAll(() => place.close())
  return {
    get server() {
      return server
    },
    start: (script, tuning = '', environment = {}) =>
      place.start(script, { ...serverEnvironment(server.url, tuning), ...environment }),
  }
}

/** A script that prints `counted(lines)`. */
export const counter = (lines: number, pause: number): string =>
  `import time\nfor i in range(1, ${lines + 1}):\n  print("line", i, flush=True)\n  time.sleep(${pause})`
export const counted = (lines: number): string[] => Array.from({ length: lines }, (_, i) => `line ${i + 1}`)
