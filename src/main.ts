import { startApplication } from './application.js'
import { ConfigError, readConfig } from './config.js'
import { createLogger } from './logger.js'
import { serverVersion } from './version.js'

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`DHuO Graph needs Node 24; this is ${process.versions.node}. "npm start" brings its own.`)
  process.exit(1)
}

try {
  const config = readConfig()
  const log = createLogger(config.logLevel)
  const application = await startApplication(config, log)
  const { catalog, storage, lakehouse } = application.datasources
  console.error(
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
  const mendable = error instanceof ConfigError || (error as { name?: string }).name === 'DhuoError'
  console.error(mendable ? (error as Error).message : error)
  process.exit(1)
}
