// Looks at the handlers of this machine: a small one is loaded and answers, as those of online predictions do.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { LocalFunctionsConfig } from '../../config/functions-config.js'
import { type Diagnosis, look } from '../../diagnosis/finding.js'
import { openLocalFunctionInvoker } from './local-function-invoker.js'

const script = 'def load(model_path):\n    return 2\ndef predict(model, rows):\n    return [row * model for row in rows]\n'

export const diagnoseLocalFunctionInvoker = (config: LocalFunctionsConfig): Diagnosis =>
  async function* (signal) {
    yield await look(
      'handler',
      async () => {
        const directory = await mkdtemp(join(tmpdir(), 'dhuo-doctor-'))
        try {
          const invoker = await openLocalFunctionInvoker({ ...config, directory })
          const file = { name: 'predict.py', localFile: null, open: async () => Readable.from([script]) }
          const definition = {
            key: 'doctor',
            displayName: 'doctor',
            script: file,
            modelFiles: [],
            archive: null,
            environment: {},
          }
          try {
            const [answer] = await invoker.invoke(definition, [21], signal)
            if (answer !== 42) throw new Error(`It answered ${JSON.stringify(answer)} instead of 42.`)
          } finally {
            await invoker.close()
          }
          return 'one was loaded and answered'
        } finally {
          await rm(directory, { recursive: true, force: true })
        }
      },
      () => 'Install Python 3.7 or newer, or set DHUO_PYTHON to the path of one.',
      20_000,
    )
  }
