import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchRow } from './bench-row.js'
import { openDataFlowBench } from './data-flow-bench.js'
import { type PipelineBench, percentile } from './pipeline-client.js'

export const name = 'wrapper'

const isShort = process.argv.includes('--short')
const counterSeconds = isShort ? 30 : 300
const busySeconds = isShort ? 20 : 60

/** @param perSecond lines; each says when it was printed */
const printer = (perSecond: number, seconds: number): string => `import time
start = time.time()
for i in range(1, ${perSecond * seconds + 1}):
    print(i, time.time(), "a line as scripts print them", flush=True)
    time.sleep(max(0, start + i / ${perSecond} - time.time()))
`

/** What a remote script prints, on its way to a subscriber: through the wrapper and over HTTP, for Data Flow publishes its own log at the end only. */
export async function run(): Promise<BenchRow[]> {
  const { bench, close } = await openDataFlowBench('python')
  try {
    const counter = await follow(bench, printer(10, counterSeconds))
    const busy = await follow(bench, printer(100, busySeconds), () => processorTime(busySeconds))
    const share = busy.measured!.watchers / busy.measured!.wall
    return [
      {
        figure: `a line every 100 ms for ${counterSeconds} s: lines, each once and in order`,
        measured: `${counter.lines}, ${counter.wrong} wrong`,
        baseline: `${10 * counterSeconds}`,
        ratio: null,
        wanted: 'all',
        ok: counter.lines === 10 * counterSeconds && counter.wrong === 0,
      },
      {
        figure: 'print to the subscriber, p95',
        measured: `${percentile(counter.late, 95).toFixed(0)} ms (median ${percentile(counter.late, 50).toFixed(0)} ms)`,
        baseline: '-',
        ratio: null,
        wanted: '< 2000 ms',
        ok: percentile(counter.late, 95) < 2_000,
      },
      {
        figure: `100 lines/s for ${busySeconds} s: processor time of the wrapper`,
        measured: `${(100 * share).toFixed(2)} % of a core (${busy.lines} lines, ${busy.wrong} wrong)`,
        baseline: `${((100 * busy.measured!.script) / busy.measured!.wall).toFixed(2)} % (the script itself)`,
        ratio: busy.measured!.watchers / busy.measured!.script,
        wanted: '< 1 %',
        ok: share < 0.01 && busy.lines === 100 * busySeconds && busy.wrong === 0,
      },
    ]
  } finally {
    await close()
  }
}

async function follow<T>(
  bench: PipelineBench,
  script: string,
  measure: () => Promise<T> = async () => null as T,
): Promise<{ lines: number; wrong: number; late: number[]; measured: T }> {
  const id = await bench.start(await bench.deploy([script]))
  let [lines, wrong] = [0, 0]
  const late: number[] = []
  const measuring = measure()
  const query = 'subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) { type message } }'
  await bench.follow(query, { id }, ({ pipelineEvents: { type, message } }) => {
    if (type !== 'LOG') return
    const [number, printed] = message.split(' ').map(Number)
    if (number !== ++lines) wrong++
    late.push(Date.now() - printed! * 1_000)
  })
  return { lines, wrong, late, measured: await measuring }
}

/** In seconds, from when the script is there until shortly before its end: of the script, and of the processes that watch it. */
async function processorTime(seconds: number): Promise<{ script: number; watchers: number; wall: number }> {
  let pids: number[] = []
  while (pids.length < 3) {
    await sleep(100)
    pids = await wrapperProcesses()
  }
  const before = await Promise.all(pids.map(timeOf))
  const start = performance.now()
  await sleep((seconds - 5) * 1_000)
  const spent = (await Promise.all(pids.map(timeOf))).map((time, i) => time - before[i]!)
  const [script, ...watchers] = spent
  return { script: script!, watchers: watchers.reduce((a, b) => a + b), wall: (performance.now() - start) / 1_000 }
}

/** The script first: the others are its children, and younger. */
async function wrapperProcesses(): Promise<number[]> {
  const found: number[] = []
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)))
    if ((await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).includes('/dhuo_data_flow.py')) found.push(Number(pid))
  return found.sort((a, b) => a - b)
}

/** User and system, of a process. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, in hundredths of a second */
async function timeOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}
