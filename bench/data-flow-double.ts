// The double of Data Flow for benchmarks, in a process of its own. First argument: `python` really runs scripts, `waits` only lets time go by.
import { setTimeout as sleep } from 'node:timers/promises'
import { startDataFlowDouble } from '../test/oci/data-flow-double.js'
import type { DataFlowOptions } from '../test/oci/data-flow-service.js'

const between = (least: number, most: number): number => least + Math.random() * (most - least)
const nothing = Buffer.alloc(0)

/** How long a run waits for machines, and runs: some end while it is measured. Milliseconds. */
const [kind = '', seconds = '120'] = process.argv.slice(2)
const spanMs = Number(seconds) * 1_000
const waits: DataFlowOptions = {
  acceptMs: () => between(2_000, spanMs),
  start: () => ({
    outcome: sleep(Math.random() < 0.1 ? between(2_000, spanMs) : spanMs * 3, {
      ...{ isSuccess: true, details: '', stdout: nothing, stderr: nothing },
    }),
    kill: () => {},
  }),
}

const double = await startDataFlowDouble(kind === 'python' ? { acceptMs: 500 } : waits)
process.on('message', async (question: 'calls' | 'truth') => {
  if (question === 'calls') process.send?.(countCalls())
  else
    process.send?.(
      [...double.dataFlow.runs.values()].map(({ id, lifecycleState, timeUpdated }) => [
        id,
        lifecycleState,
        timeUpdated.getTime(),
      ]),
    )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ url: double.oci.url, configFile: await double.oci.writeConfigFile() })

function countCalls(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { operation } of double.oci.requests) counts[operation] = (counts[operation] ?? 0) + 1
  return counts
}
