import { openOciJobRunner } from '../../src/datasources/compute/oci-job-runner.js'
import { createLogger } from '../../src/logger.js'
import { jobRunnerContract, type ScriptBehaviour } from '../contracts/job-runner-contract.js'
import { quickTimes, quickWrapper, startDataFlowDouble } from '../oci/data-flow-double.js'
import { settingsFor } from '../oci/oci-settings.js'
import { scriptOf } from './local-job-scripts.js'

const log = createLogger('silent')
const scripts: Record<ScriptBehaviour, string> = {
  'prints its arguments': 'import sys\nfor word in sys.argv[1:]: print(word)',
  'prints a variable': 'import os, sys\nprint(os.environ[sys.argv[1]])',
  fails: 'import sys\nprint("begun")\nsys.exit(3)',
  waits: 'import time\nprint("begun")\ntime.sleep(60)',
}

jobRunnerContract('the job runner of OCI Data Flow', async () => {
  const double = await startDataFlowDouble({ acceptMs: 100, logsMs: 50, cancelMs: 50 })
  const runner = await openOciJobRunner(double.config, await settingsFor(double.oci), log, {
    times: quickTimes,
    wrapper: quickWrapper,
  })
  return {
    runner,
    scriptFor: (behaviour) => scriptOf(scripts[behaviour]),
    async close() {
      await runner.close()
      await double.close()
    },
  }
})
