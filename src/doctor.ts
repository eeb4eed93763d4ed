// First: it sets what libraries look at when they are loaded.
import { type ConfigError, givenSettings, readConfig } from './config.js'
import { type ExaminedSection, examine, sectionsOf, sectionsOfProblems } from './doctor/examine.js'
import { isHealthy, reportOf, sectionText, summaryText, withoutSecrets } from './doctor/report.js'
import { serverVersion } from './version.js'

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`The doctor needs Node 24; this is ${process.versions.node}. "npm run -s doctor" brings its own.\n`)
  process.exit(1)
}

const usage = `npm run -s doctor [-- --json]

Looks at everything the server needs, with the server's own settings, and says of each fault what mends it. It changes
nothing, and may run beside the server. Ends with 0 when there is no fault, with 1 when there is.

  --json   for programs: one object
  --help   this
`

const wanted = process.argv.slice(2)
if (wanted.some((argument) => argument !== '--json')) {
  const isHelp = wanted.includes('--help')
  process[isHelp ? 'stdout' : 'stderr'].write(usage)
  process.exit(isHelp ? 0 : 2)
}
const isJson = wanted.includes('--json')
const { names, secrets } = givenSettings()
const say = (text: string): boolean => process.stdout.write(withoutSecrets(text, secrets))

const began = performance.now()
if (!isJson) say(`DHuO Graph ${serverVersion}: doctor\n\n`)
const examined: ExaminedSection[] = []
for await (const section of examine(sectionsToLookAt())) {
  examined.push(section)
  if (!isJson) say(`${sectionText(section, process.stdout)}\n`)
}
const took = performance.now() - began
say(isJson ? `${JSON.stringify(reportOf(examined, serverVersion, took), null, 2)}\n` : summaryText(examined, took))
// A look that was given up may hold the process for as long as its library likes.
process.stdout.write('', () => process.exit(isHealthy(examined) ? 0 : 1))

function sectionsToLookAt(): ReturnType<typeof sectionsOf> {
  try {
    return sectionsOf(readConfig(), names)
  } catch (error) {
    if ((error as Error).name !== 'ConfigError') throw error
    return sectionsOfProblems((error as ConfigError).problems)
  }
}
