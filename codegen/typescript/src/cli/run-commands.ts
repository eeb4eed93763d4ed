import {
  CancelPipelineRun,
  type DhuoClient,
  GetDeployment,
  type PipelineRunFieldsFragment,
  RetryPipelineRun,
  RunDeployment,
} from '../node.js'
import { type Command, type Given, isGiven, textOf, textsOf } from './command.js'
import { exitCodes, notThere, usageError } from './exit-codes.js'
import { eventText, followRun } from './follow-run.js'
import { logText } from './output.js'
import { runArgumentHelp, runIdOf } from './run-argument.js'
import type { Session } from './session.js'

const watchOption = {
  type: 'boolean',
  short: 'w',
  says: 'shows steps and lines until it ends; ends with 0 or 1 as the run does',
} as const

export const runCommand: Command = {
  usage: 'run DEPLOYMENT [--arg KEY=VALUE]… [--watch]',
  summary: 'Starts a run of the newest version of a deployment.',
  more: 'Ctrl-C while it is watched detaches; the run goes on.',
  options: {
    arg: { type: 'string', short: 'a', multiple: true, value: 'KEY=VALUE', says: 'an argument for the scripts' },
    watch: watchOption,
    'idempotency-key': { type: 'string', value: 'KEY', says: 'the same key starts one run, however often' },
  },
  takes: [1, 1],
  async run(session, given) {
    const [name = ''] = given.positionals
    const input = {
      arguments: textsOf(given, 'arg').map(argumentOf),
      ...(textOf(given, 'idempotency-key') !== undefined && { idempotencyKey: textOf(given, 'idempotency-key')! }),
    }
    const client = await session.client()
    const deployment = await deploymentIdOf(client, session, name)
    const options = { signal: session.signal, idempotent: 'idempotencyKey' in input }
    const { runDeployment } = await client.request(RunDeployment, { input: { ...input, deployment } }, options)
    return tellOrWatch(session, given, runDeployment)
  },
}

export const retryCommand: Command = {
  usage: 'retry RUN [--watch]',
  summary: 'Tries a run that failed or was canceled again, from the steps that did not succeed.',
  more: runArgumentHelp,
  options: { watch: watchOption },
  takes: [1, 1],
  async run(session, given) {
    const id = await runIdOf(session, given.positionals[0]!)
    const { retryPipelineRun } = await (await session.client()).request(RetryPipelineRun, { id }, { signal: session.signal })
    return tellOrWatch(session, given, retryPipelineRun)
  },
}

export const cancelCommand: Command = {
  usage: 'cancel RUN',
  summary: 'Ends a run: what runs is ended, what has not begun is not.',
  more: runArgumentHelp,
  takes: [1, 1],
  async run(session, given) {
    const id = await runIdOf(session, given.positionals[0]!)
    const options = { signal: session.signal, idempotent: true }
    const { cancelPipelineRun } = await (await session.client()).request(CancelPipelineRun, { id }, options)
    const { output } = session
    if (output.isJson) await output.json(cancelPipelineRun)
    else await output.line(`Run ${cancelPipelineRun.number} of ${cancelPipelineRun.deployment.name}: ${cancelPipelineRun.status}`)
    return exitCodes.ok
  },
}

function argumentOf(text: string): { key: string; value: string } {
  const at = text.indexOf('=')
  if (at < 1) throw usageError(`--arg ${text}: KEY=VALUE is wanted.`)
  return { key: text.slice(0, at), value: text.slice(at + 1) }
}

async function deploymentIdOf(client: DhuoClient, session: Session, name: string): Promise<string> {
  const { deployment } = await client.request(GetDeployment, { project: session.project(), name }, { signal: session.signal })
  return deployment?.id ?? notThere(`The deployment "${name}"`)
}

async function tellOrWatch(session: Session, given: Given, run: PipelineRunFieldsFragment): Promise<number> {
  const { output } = session
  const { id, number, deployment } = run
  const isWatched = isGiven(given, 'watch')
  output.note(`Started run ${number} of ${deployment.name}${isWatched ? `: ${id}` : `. Follow it with: dhuo logs -f ${id}`}`)
  if (!isWatched) {
    await (output.isJson ? output.json(run) : output.line(id))
    return exitCodes.ok
  }
  return followRun(session, {
    id,
    after: 0,
    async show(event) {
      if (output.isJson) return output.jsonLine(event)
      const text = eventText(event)
      if (text !== null) await output.line(output.isTerminal ? logText(text) : text)
    },
    comeBack: (last) => `dhuo logs -f ${id} --after ${last}`,
  })
}
