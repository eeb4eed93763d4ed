import { type DhuoClient, GetPipelineRun, type GetPipelineRunQuery, ListDeploymentRuns } from '../node.js'
import { notThere, usageError } from './exit-codes.js'
import { pagesOf } from './pages.js'
import type { Session } from './session.js'

export const runArgumentHelp = `RUN is the id of a run, DEPLOYMENT/NUMBER, or DEPLOYMENT for its latest run.`

export type SeenRun = Extract<NonNullable<GetPipelineRunQuery['node']>, { __typename: 'PipelineRun' }>

/** The id of the run that an argument means. */
export async function runIdOf(session: Session, argument: string): Promise<string> {
  if (/^plr_[0-9a-f]{32}$/.test(argument)) return argument
  const [name = '', number, ...more] = argument.split('/')
  if (name === '' || more.length > 0 || (number !== undefined && !/^\d{1,9}$/.test(number)))
    throw usageError(`"${argument}" names no run.`, runArgumentHelp)
  const client = await session.client()
  const project = session.project()
  const runs = pagesOf(async (after) => {
    const first = number === undefined ? 1 : 500
    const { deployment } = await client.request(ListDeploymentRuns, { project, name, first, after }, { signal: session.signal })
    return deployment?.pipelineRuns ?? notThere(`The deployment "${name}"`)
  })
  // The newest comes first.
  for await (const run of runs) if (number === undefined || run.number === Number(number)) return run.id
  return notThere(number === undefined ? `A run of the deployment "${name}"` : `Run ${number} of the deployment "${name}"`)
}

export async function readRun(client: DhuoClient, id: string, signal: AbortSignal): Promise<SeenRun> {
  const { node } = await client.request(GetPipelineRun, { id }, { signal })
  return node?.__typename === 'PipelineRun' ? node : notThere('The pipeline run')
}
