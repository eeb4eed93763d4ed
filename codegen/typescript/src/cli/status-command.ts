import { ListPipelineRuns, type StepFieldsFragment } from '../node.js'
import { type Command, isGiven, textOf } from './command.js'
import { exitCodes, notThere, usageError } from './exit-codes.js'
import { followRun, type RunEvent } from './follow-run.js'
import { durationText, tableText } from './output.js'
import { readRun, runArgumentHelp, runIdOf, type SeenRun } from './run-argument.js'
import type { Session } from './session.js'

export const statusCommand: Command = {
  usage: 'status [RUN] [--watch]',
  summary: 'Shows the newest runs of a project, or one run and its steps.',
  more: `${runArgumentHelp}
With --watch it goes on until the run ends, and then ends with 0 or 1 as the run did. Ctrl-C detaches; the run goes on.`,
  options: {
    watch: { type: 'boolean', short: 'w', says: 'goes on as the run does' },
    limit: { type: 'string', value: 'N', says: 'how many runs of the project; 20 without it' },
  },
  takes: [0, 1],
  async run(session, given) {
    const [argument] = given.positionals
    if (argument === undefined) {
      if (isGiven(given, 'watch')) throw usageError('Which run is to be watched?', runArgumentHelp)
      await listRuns(session, textOf(given, 'limit') ?? '20')
      return exitCodes.ok
    }
    const id = await runIdOf(session, argument)
    const run = await readRun(await session.client(), id, session.signal)
    const board = new Board(session, run)
    await board.show()
    if (!isGiven(given, 'watch')) return exitCodes.ok
    const comeBack = () => `dhuo status --watch ${id}`
    return followRun(session, { id, after: run.lastSequence, show: (event) => board.add(event), comeBack })
  },
}

async function listRuns(session: Session, limit: string): Promise<void> {
  if (!/^\d{1,3}$/.test(limit)) throw usageError(`--limit ${limit}: a number up to 500 is wanted.`)
  const { output, signal } = session
  const name = session.project()
  const client = await session.client()
  const { project } = await client.request(ListPipelineRuns, { project: name, first: Number(limit) }, { signal })
  const { nodes } = project?.pipelineRuns ?? notThere(`The project "${name}"`)
  if (output.isJson) return output.json(nodes)
  const rows = nodes.map(({ deployment, number, status, trigger, createdAt, durationMs, statusDetail }) => [
    `${deployment.name}/${number}`,
    status,
    trigger,
    createdAt.slice(0, 19).replace('T', ' '),
    durationText(durationMs),
    statusDetail,
  ])
  return output.table(['RUN', 'STATUS', 'BY', 'MADE', 'TOOK', 'SAYS'], rows)
}

/** A run and its steps, kept up with its events. On a terminal it is written over, elsewhere it is told anew at each change. */
class Board {
  #lines = 0

  constructor(
    private readonly session: Session,
    private readonly run: SeenRun,
  ) {}

  async add({ type, stepName, runStatus, stepStatus, progress, message, at }: RunEvent): Promise<void> {
    const step = this.run.steps.find(({ name }) => name === stepName)
    if (type === 'RUN_STATUS' && runStatus) {
      this.run.status = runStatus
      if (isEnd(runStatus)) this.run.endedAt = at
    } else if (type === 'STEP_STATUS' && step && stepStatus) setStatus(step, stepStatus, message, at)
    else if (type === 'STEP_PROGRESS' && step) Object.assign(step, { progress, message: message ?? step.message })
    else return
    await this.show()
  }

  async show(): Promise<void> {
    const { output } = this.session
    if (output.isJson) return output.jsonLine(this.run)
    const { number, status, statusDetail, deployment, id, steps } = this.run
    const head = `${deployment.name} v${this.run.deploymentVersion}, run ${number} (${id}): ${status}${statusDetail ? `: ${statusDetail}` : ''}\n`
    const table = tableText(['STEP', 'STATUS', 'PROGRESS', 'TOOK', 'SAYS'], steps.map(rowOf))
    const text = `${head}${table}`
    if (!output.isTerminal) return output.write(this.#lines++ === 0 ? text : `\n${text}`)
    const back = this.#lines > 0 ? `\u001B[${this.#lines}A\u001B[J` : ''
    this.#lines = text.split('\n').length - 1
    return output.write(back + text)
  }
}

const isEnd = (status: string): boolean => ['SUCCEEDED', 'FAILED', 'CANCELED'].includes(status)

function setStatus(step: StepFieldsFragment, status: StepFieldsFragment['status'], message: string | null, at: string): void {
  step.status = status
  if (message !== null) step.statusDetail = message
  if (status === 'RUNNING') step.startedAt = at
  if (isEnd(status) && step.startedAt !== null) {
    step.endedAt = at
    step.durationMs = Date.parse(at) - Date.parse(step.startedAt)
  }
}

const rowOf = ({ name, status, progress, startedAt, durationMs, statusDetail, message }: StepFieldsFragment) => [
  name,
  status,
  progress === null ? null : `${Math.floor(progress * 100)} %`,
  durationMs === null && startedAt !== null ? 'runs' : durationText(durationMs),
  statusDetail ?? message,
]
