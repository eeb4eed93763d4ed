import module from 'node:module'
import { setFlagsFromString } from 'node:v8'

const say = (text: string): boolean => process.stderr.write(`${text}\n`)

if (Number(process.versions.node.split('.')[0]) < 24) {
  say(`DHuO Graph needs Node 24; this is ${process.versions.node}. "npm start" brings its own.`)
  process.exit(1)
}
// V8 collects the whole heap for every 30 MB or so that buffers outside of it take, however small it is: half of the time of whoever
// streams. Counted together with the heap they wait for as much garbage as there is heap: three times the speed, some 150 MB more.
setFlagsFromString('--external-memory-accounted-in-global-limit')
// V8 puts what it has seen to live long where only a collection of the whole heap looks. Of the rows of answers it has seen that at
// the first large ones, when its heap is small; then each row of every later answer lives until such a collection, and what it refers
// to as long as it: a quarter of the time of whoever reads large pages from PostgreSQL.
setFlagsFromString('--no-allocation-site-pretenuring')
// Everything else is imported after it: an older Node gets to the line above, and what is compiled once is not compiled at
// the next start.
module.enableCompileCache()
// First: it sets what libraries look at when they are loaded.
const { readConfig } = await import('./config.js')
const { startApplication } = await import('./application.js')
const { createLogger } = await import('./logger.js')
const { serverVersion } = await import('./version.js')

/** Of an address. */
const whyNotListening: Record<string, string> = {
  EADDRINUSE: 'the port is in use. Set PORT to another one.',
  EADDRNOTAVAIL: 'this machine has no such address. Set HOST to one that it has.',
  EACCES: 'this account may not use the port. Set PORT to one above 1023.',
  ENOTFOUND: 'there is no host of that name. Set HOST to an address of this machine.',
}
/** Of a directory. */
const whyNoHome = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC'])

let config: ReturnType<typeof readConfig> | undefined
try {
  config = readConfig()
  const log = createLogger(config.logLevel)
  const application = await startApplication(config, log)
  const { catalog, storage, lakehouse } = application.datasources
  say(
    [
      `DHuO Graph ${serverVersion}  ${config.publicUrl ?? application.url}/graphql  (${Math.round(process.uptime() * 1_000)} ms)`,
      `  catalog ${catalog.kind}, storage ${storage.kind}, lakehouse ${lakehouse.kind}; files in ${config.home}`,
      ...(application.oneTimePassword
        ? [`  first login: ${config.admin.email}  password: ${application.oneTimePassword}  (shown this once)`]
        : []),
    ].join('\n'),
  )
  let isStopping = false
  // Every time: npm passes on what the terminal has sent already, and the second signal must not cut off what finishes.
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, async () => {
      if (isStopping) return
      isStopping = true
      log.info({ signal }, 'stopping')
      await application.close()
      process.exit(0)
    })
} catch (error) {
  // What an operator can mend is told in words; the rest with its stack.
  const { name, message, stack, code = '', syscall } = error as NodeJS.ErrnoException
  const listening = code !== 'EACCES' || syscall === 'listen' ? whyNotListening[code] : undefined
  if (name === 'ConfigError') say(message)
  else if (config && listening) say(`It cannot listen on ${config.host}:${config.port}: ${listening}`)
  else if (config && (name === 'DhuoError' || whyNoHome.has(code))) say(`${message}\n${await whatMends(config.home)}`)
  else say(String(stack ?? error))
  process.exit(1)
}

/** The home is looked at here, every backend by the doctor. */
async function whatMends(home: string): Promise<string> {
  const { probeDirectory } = await import('./diagnosis/directory-probe.js')
  for await (const { level, said, remedy } of probeDirectory(home, 'DHUO_HOME', { warn: 0, fail: 0 }))
    if (level === 'fail') return `  ${said}\n  → ${remedy}`
  return `  → "npm run -s doctor" looks at every backend with these settings, and says what mends it. (DHUO_HOME is ${home}.)`
}
