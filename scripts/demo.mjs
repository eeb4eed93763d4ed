// `npm run demo`: a server on a fresh home, and the whole life of a model through its public API. It stays up until Ctrl-C.
import { execFile } from 'node:child_process'
import { parseArgs, promisify } from 'node:util'
import { createDemoClient } from './demo/demo-client.mjs'
import { display } from './demo/demo-display.mjs'
import { startDemoServer } from './demo/demo-server.mjs'
import { irisDemo } from './demo/iris-demo.mjs'
import { weatherDemo } from './demo/weather-demo.mjs'

const examples = { iris: irisDemo, weather: weatherDemo }
const usage = `npm run demo [-- --exit] [--port N] [--example ${Object.keys(examples).join('|')}]

  --exit     ends when all is done: 0, or 1 with the reason; the demo's files are removed when all went well
  --port     where it listens; without it 4000, or a free port when that is taken
  --example  which life cycle; without it iris`

/** What was asked for, or what is wrong with it. */
function readArguments() {
  const { values } = parseArgs({
    options: { exit: { type: 'boolean' }, help: { type: 'boolean' }, port: { type: 'string' }, example: { type: 'string' } },
  })
  const { exit = false, help = false, port, example = 'iris' } = values
  if (!Object.hasOwn(examples, example))
    throw new Error(`There is no example "${example}"; there are ${Object.keys(examples).join(', ')}.`)
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) throw new Error(`"${port}" is no port.`)
  return { exit, help, port: port === undefined ? null : Number(port), example }
}

/** The scripts of the examples are Python. @throws Error that says what to do */
async function requirePython() {
  const python = process.env['DHUO_PYTHON'] || 'python3'
  const version = await promisify(execFile)(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).catch(() => null)
  const [major, minor] = (version?.stdout ?? '').trim().split('.').map(Number)
  if (major === 3 && minor >= 9) return version.stdout.trim()
  throw new Error(
    `The demo runs Python scripts, and ${version ? `"${python}" is Python ${version.stdout.trim()}` : `there is no "${python}" on this machine`}. ` +
      'Install Python 3.9 or newer, or set DHUO_PYTHON to where it is. Nothing but Python itself is needed.',
  )
}

/** Ctrl-C, kill, a closed terminal. */
let isInterrupted = false
const interrupted = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      isInterrupted = true
      resolve(null)
    })
})

async function run({ exit, port, example }) {
  const since = performance.now()
  const python = await requirePython()
  display.heading('Server')
  const server = await display.task('start', async () => {
    const value = await startDemoServer(port)
    return { said: `${value.url}, with Python ${python}; its files are in ${value.home}`, value }
  })
  const client = createDemoClient(server.url)
  let isDone = false
  try {
    const token = await display.task('log in', async () => ({
      said: server.email,
      value: await client.logIn(server.email, server.password),
    }))
    const ended = server.ended.then((how) => {
      throw new Error(`The server ended (${how}):\n${server.said()}`)
    })
    const linked = await Promise.race([examples[example](client), ended, interrupted])
    if (linked === null) return
    display.heading(`All done in ${((performance.now() - since) / 1000).toFixed(1)} s`)
    isDone = true
    if (exit) return
    invite(server, token, linked)
    await Promise.race([interrupted, ended])
  } finally {
    display.show(null)
    await client.close()
    // Nothing may take the place of the error that is on its way; this one comes beside it.
    await server.stop().catch((error) => {
      isDone = false
      process.exitCode = 1
      display.failed(error.message)
    })
    if (exit && isDone) await server.removeHome()
    else display.line(leftBehind(server))
  }
}

function invite({ url, email, password }, token, linked) {
  display.line(`
Open this query in GraphiQL:

  ${url}/graphql?${new URLSearchParams({ query: linked })}

and paste this token into the field at the top of the page:

  ${token}

To log in anew:  mutation { login(email: "${email}", password: "${password}") { token } }

The server runs until Ctrl-C.`)
}

const leftBehind = ({ home, email, password }) => `
The server has stopped. Its files stay in ${home}: delete them, or serve them again with
  DHUO_HOME=${home} npm start        (login ${email}, password ${password})`

try {
  const wanted = readArguments()
  if (wanted.help) console.log(usage)
  else {
    await run(wanted)
    if (isInterrupted) {
      // Who interrupts a demo that was to end by itself did not see it succeed. Halfway, it may still wait for an answer.
      process.exit(wanted.exit ? 130 : 0)
    }
  }
} catch (error) {
  display.failed(String(error?.message ?? error))
  process.exitCode = 1
}
