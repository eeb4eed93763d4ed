// The Python client in notebooks: a large result into pandas, a large model to the registry and back, the time of `import dhuo`.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { notebookPackages, pythonWith } from '../test/codegen/python-environment.js'
import type { BenchRow } from './bench-row.js'
import { signIn, startRunningServer } from './running-server.js'

export const name = 'python client'

interface Measured {
  /** Milliseconds; medians. */
  frame: { base: number; select: number; withoutDecimals: { base: number; select: number } }
  /** Seconds; medians. */
  model: { curlUp: number; save: number; curlDown: number; load: number }
  /** Milliseconds of `import dhuo`, and of it with a client made; less what Python needs to start. */
  import: { package: number; client: number }
}

export async function run(): Promise<BenchRow[]> {
  const environment = await pythonWith(notebookPackages)
  if ('missing' in environment) {
    console.error(`skipped: the Python client is not measured here: ${environment.missing}`)
    return []
  }
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-python-'))
  const server = await startRunningServer(join(directory, 'home'))
  try {
    const script = join(import.meta.dirname, 'python-client.py')
    const { stdout } = await promisify(execFile)(environment.python, [script, directory], {
      env: {
        ...process.env,
        DHUO_URL: server.url,
        DHUO_ACCESS_KEY: (await signIn(server.url)).replace('Bearer ', ''),
        PYTHONPATH: join(import.meta.dirname, '..', 'codegen', 'python'),
      },
    })
    const { frame, model, import: imported } = JSON.parse(stdout) as Measured
    const { withoutDecimals } = frame
    return [
      ratioRow(
        '1 M rows × 6 from execute_select into pandas',
        frame.select,
        frame.base,
        'ms',
        'pyarrow, the same Parquet from disk',
        0.5,
      ),
      {
        ...ratioRow('the same without its column of decimals', withoutDecimals.select, withoutDecimals.base, 'ms', 'the same', 0),
        wanted: 'no bound',
      },
      ratioRow('1 GiB by save_model', model.save, model.curlUp, 's', 'curl -T', 0.7),
      ratioRow('1 GiB by load_model', model.load, model.curlDown, 's', 'curl -o', 0.7),
      {
        figure: 'import dhuo',
        measured: `${imported.package.toFixed(1)} ms; ${imported.client.toFixed(0)} ms with a client made`,
        baseline: 'Python without it',
        ratio: null,
        wanted: '< 100 ms',
        ok: imported.package < 100,
      },
    ]
  } finally {
    await server.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

function ratioRow(figure: string, measured: number, base: number, unit: string, what: string, bound: number): BenchRow {
  const digits = unit === 's' ? 2 : 0
  return {
    figure,
    measured: `${measured.toFixed(digits)} ${unit}`,
    baseline: `${base.toFixed(digits)} ${unit}, ${what}`,
    ratio: base / measured,
    wanted: `≥ ${bound}`,
    ok: base / measured >= bound,
  }
}
