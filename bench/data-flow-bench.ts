// What the benchmarks of Data Flow share: the double in a process of its own, and a server that runs its jobs there.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { computeUrl } from '../test/oci/data-flow-double.js'
import { openPipelineBench, type PipelineBench } from './pipeline-client.js'

export interface DataFlowBench {
  bench: PipelineBench
  // biome-ignore lint/suspicious/noExplicitAny: one shape for each question
  askDouble(question: 'calls' | 'truth'): Promise<any>
  close(): Promise<void>
}

/** @param args of data-flow-double.ts */
export async function openDataFlowBench(...args: string[]): Promise<DataFlowBench> {
  const double = fork(join(import.meta.dirname, 'data-flow-double.ts'), args, { stdio: ['ignore', 2, 2, 'ipc'] })
  const answer = async () => (await once(double, 'message'))[0]
  const { url, configFile } = await answer()
  const bench = await openPipelineBench({
    DHUO_COMPUTE_URL: computeUrl,
    DHUO_OCI_ENDPOINT: url,
    DHUO_OCI_CONFIG_FILE: configFile,
  })
  return {
    bench,
    askDouble: (question) => {
      double.send(question)
      return answer()
    },
    close: async () => {
      await bench.close()
      double.disconnect()
    },
  }
}
