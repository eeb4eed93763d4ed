import module from 'node:module'

const say = (text: string): boolean => process.stderr.write(`${text}\n`)

if (Number(process.versions.node.split('.')[0]) < 24) {
  say(`DHuO Graph needs Node 24; this is ${process.versions.node}. "npm start" brings its own.`)
  process.exit(1)
}
// Everything else is imported after it: an older Node gets to the line above, and what is compiled once is not compiled at
// the next start.
module.enableCompileCache()
// First: it sets what libraries look at when they are loaded.
const { readConfig } = await import('./config.js')
const { startApplication } = await import('./application.js')
const { createLogger } = await import('./logger.js')
const { serverVersion } = await import('./version.js')

try {
  const config = readConfig()
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
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, async () => {
      log.info({ signal }, 'stopping')
      await application.close()
      process.exit(0)
    })
} catch (error) {
  // What an operator can mend is told in words; the rest with its stack.
  const { name, message, stack } = error as Error
  say(name === 'ConfigError' || name === 'DhuoError' ? message : String(stack ?? error))
  process.exit(1)
}
