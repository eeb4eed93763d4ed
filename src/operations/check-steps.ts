// Checks the steps of a deployment: names, scripts, bounds, and that what they need makes an order in which they can run.
import type { DeploymentKind, DeploymentStepRow, StepKind } from '../datasources/catalog/deployment-rows.js'
import type { StoredObjectRow } from '../datasources/catalog/tables.js'
import { badInput } from '../errors.js'
import { canonicalName, requireName } from '../naming-policy.js'

export interface NewStep {
  name: string
  kind: StepKind
  script: Pick<StoredObjectRow, 'id' | 'key' | 'size'>
  arguments: readonly string[]
  /** Null: the step before it. */
  needs: readonly string[] | null
  maxAttempts: number
  timeoutSeconds: number | null
}

export const mostSteps = 100
const mostArguments = 100
const longestArgumentBytes = 4 * 1024
const mostAttempts = 10
const longestTimeoutSeconds = 7 * 24 * 3600
const longestScriptName = 200
const onlineScript = 'predict.py'

/** As rows, in their order. @throws BAD_USER_INPUT naming the part at fault, for example `input.steps[2].needs` */
export function requireSteps(
  steps: readonly NewStep[],
  kind: DeploymentKind,
): Omit<DeploymentStepRow, 'deploymentId' | 'version' | 'position'>[] {
  if (steps.length < 1 || steps.length > mostSteps)
    throw badInput('input.steps', `input.steps must have 1 to ${mostSteps} entries; it has ${steps.length}.`)
  if (kind === 'ONLINE') requireOnline(steps)
  const all = new Set(steps.map(({ name }) => canonicalName('STEP', name)))
  const earlier: string[] = []
  return steps.map((step, index) => {
    const field = `input.steps[${index}]`
    const name = requireName('STEP', step.name, `${field}.name`)
    if (earlier.includes(name)) throw badInput(`${field}.name`, `${field}.name: there is a step "${name}" already.`)
    requireScript(step.script, `${field}.script.key`)
    requireArguments(step.arguments, `${field}.arguments`)
    requireBetween(step.maxAttempts, mostAttempts, `${field}.maxAttempts`)
    if (step.timeoutSeconds !== null) requireBetween(step.timeoutSeconds, longestTimeoutSeconds, `${field}.timeoutSeconds`)
    const needs = step.needs === null ? earlier.slice(-1) : requireNeeds(step.needs, { name, earlier, all }, `${field}.needs`)
    earlier.push(name)
    return {
      name,
      kind: step.kind,
      scriptObjectId: step.script.id,
      arguments: JSON.stringify(step.arguments),
      needs: JSON.stringify(needs),
      maxAttempts: step.maxAttempts,
      timeoutSeconds: step.timeoutSeconds,
    }
  })
}

/** What is called again and again is one program, whose name the function runtime knows. */
function requireOnline(steps: readonly NewStep[]): void {
  const [step] = steps
  if (steps.length > 1 || step!.kind !== 'PREDICTION')
    throw badInput('input.steps', 'input.steps: an ONLINE deployment has exactly one step, of kind PREDICTION.')
  if (fileName(step!.script.key) !== onlineScript)
    throw badInput(
      'input.steps[0].script.key',
      `input.steps[0].script.key: the script of an ONLINE deployment is named ${onlineScript}.`,
    )
}

interface StepNames {
  name: string
  earlier: readonly string[]
  all: ReadonlySet<string>
}

function requireNeeds(needs: readonly string[], { name, earlier, all }: StepNames, field: string): string[] {
  const result = needs.map((need) => canonicalName('STEP', need))
  for (const [index, need] of result.entries()) {
    const before = earlier.length === 0 ? 'there is none before it' : `before it are ${quoted(earlier)}`
    if (need === name) throw badInput(field, `${field}: the step "${name}" cannot need itself; ${before}.`)
    if (!all.has(need)) throw badInput(field, `${field}: there is no step ${quoted([needs[index]!])}; ${before}.`)
    if (!earlier.includes(need))
      throw badInput(field, `${field}: "${need}" comes later, and a step needs only steps that stand before it; ${before}.`)
    if (result.indexOf(need) < index) throw badInput(field, `${field}: "${need}" is there twice.`)
  }
  return result
}

function requireScript({ key, size }: NewStep['script'], field: string): void {
  const name = fileName(key)
  if (!/\.(py|js|mjs)$/.test(name) || /[\\\p{Cc}]/u.test(name) || name.length > longestScriptName)
    throw badInput(
      field,
      `${field}: a script is a file .py (Python), .js or .mjs (Node), with a name of up to ${longestScriptName} characters without "\\".`,
    )
  if (size === 0) throw badInput(field, `${field}: the script "${name}" is empty.`)
}

function requireArguments(texts: readonly string[], field: string): void {
  if (texts.length > mostArguments)
    throw badInput(field, `${field} has at most ${mostArguments} entries; it has ${texts.length}.`)
  for (const [index, text] of texts.entries()) {
    const bytes = Buffer.byteLength(text)
    if (bytes > longestArgumentBytes)
      throw badInput(`${field}[${index}]`, `${field}[${index}] has at most ${longestArgumentBytes} bytes; it has ${bytes}.`)
    if (!text.isWellFormed() || text.includes('\0'))
      throw badInput(`${field}[${index}]`, `${field}[${index}] must be valid Unicode without NUL.`)
  }
}

function requireBetween(value: number, most: number, field: string): void {
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw badInput(field, `${field} must be between 1 and ${most}; it is ${value}.`)
}

const fileName = (key: string): string => key.slice(key.lastIndexOf('/') + 1)

const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name.slice(0, 100))).join(', ')
