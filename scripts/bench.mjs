// `npm run bench`: runs the benchmarks of bench/ one after the other, each in a process of its own, and prints one table.
// `npm run bench -- upload` runs those whose file name has "upload" in it; `--strict` exits 1 when a figure misses what is wanted.
// `--short` shortens those that take minutes. What a benchmark is: bench/README.md.
import { fork } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const directory = join(import.meta.dirname, '..', 'bench')
const columns = ['figure', 'measured', 'baseline', 'ratio', 'wanted', 'ok']

if (process.send) await runOne(process.argv[2])
else await runAll(process.argv.slice(2))

/** In the child: the rows go to the parent, which prints. */
async function runOne(file) {
  const { name, run } = await import(pathToFileURL(file).href)
  process.send({ name, rows: await run() }, () => process.exit(0))
}

async function runAll(args) {
  const strict = args.includes('--strict')
  const filters = args.filter((arg) => !arg.startsWith('--'))
  const files = await benchmarks(filters)
  if (files.length === 0)
    console.log(filters.length > 0 ? `No benchmark is called ${filters.join(' or ')}.` : 'There is no benchmark yet.')
  const table = []
  const broken = []
  for (const file of files) {
    console.error(`… ${file}`)
    const result = await inChild(join(directory, file))
    if (result.error) broken.push(`${file}: ${result.error}`)
    else for (const row of result.rows) table.push({ ...row, figure: `${result.name}: ${row.figure}` })
  }
  if (table.length > 0) print(table)
  for (const line of broken) console.error(`FAILED  ${line}`)
  const missed = table.filter((row) => !row.ok)
  if (files.length > 0) console.log(`\n${table.length - missed.length} of ${table.length} figures are as wanted.`)
  process.exitCode = broken.length > 0 || (strict && missed.length > 0) ? 1 : 0
}

/** The files that export `run`: what else lies in bench/ belongs to one of them. */
async function benchmarks(filters) {
  const found = []
  for (const name of (await readdir(directory)).sort()) {
    if (!name.endsWith('.ts') || (filters.length > 0 && !filters.some((filter) => name.includes(filter)))) continue
    if (/^export (async function|function|const) run\b/m.test(await readFile(join(directory, name), 'utf8'))) found.push(name)
  }
  return found
}

function inChild(file) {
  return new Promise((resolve) => {
    const hooks = pathToFileURL(join(import.meta.dirname, 'bench-resolve.mjs')).href
    const child = fork(import.meta.filename, [file, ...process.argv.slice(2).filter((arg) => arg === '--short')], {
      execArgv: ['--import', hooks, '--expose-gc', '--enable-source-maps', '--disable-warning=ExperimentalWarning'],
      // Standard output is the table's alone.
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    let result = { error: 'it ended without a result' }
    child.on('message', (message) => {
      result = message
    })
    child.on('exit', (code) => resolve(code === 0 || !result.error ? result : { error: `it ended with ${code}` }))
  })
}

function print(table) {
  const cell = (value) =>
    typeof value === 'number' ? value.toFixed(2) : value === true ? 'yes' : value === false ? 'NO' : String(value ?? '')
  const rows = [columns, ...table.map((row) => columns.map((column) => cell(row[column])))]
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  const line = (row) => `| ${row.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`
  const [head, ...body] = rows
  console.log(`Node ${process.versions.node}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB\n`)
  console.log([line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(line)].join('\n'))
}
