// `npm run dev`: the compiler watches and checks, node starts the server anew when dist changes. Both end together.
import { spawn, spawnSync } from 'node:child_process'

const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']
const commands = [
  [...compiler, '--watch', '--preserveWatchOutput'],
  ['--watch', '--watch-preserve-output', '--env-file-if-exists=.env', '--enable-source-maps', 'dist/main.js'],
]

// Once before, so that there is something to start. Its errors are shown, and shown again by the watching compiler.
spawnSync(process.execPath, compiler, { stdio: 'inherit' })

// Without a shell in between: a signal reaches the process itself.
const children = commands.map((args) => spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] }))
let isStopping = false

function stop(signal) {
  isStopping = true
  for (const child of children) if (child.exitCode === null) child.kill(signal)
}

for (const child of children)
  child.on('exit', (code) => {
    if (isStopping) return
    process.exitCode = code ?? 1
    stop('SIGTERM')
  })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(signal))
