import { ListModels, ListModelVersions, type ModelStage } from '../node.js'
import { type Command, textsOf } from './command.js'
import { exitCodes, notThere } from './exit-codes.js'
import { byteText } from './output.js'
import { listOf, pagesOf } from './pages.js'
import type { Session } from './session.js'

export const modelsCommand: Command = {
  usage: 'models [NAME]',
  summary: 'Lists the models of a project, or the versions of one.',
  options: {
    stage: { type: 'string', multiple: true, value: 'STAGE', says: 'only versions in it: NONE, STAGING, PRODUCTION, ARCHIVED' },
  },
  takes: [0, 1],
  async run(session, given) {
    const [name] = given.positionals
    await (name === undefined ? listModels(session) : listVersions(session, name, textsOf(given, 'stage')))
    return exitCodes.ok
  },
}

async function listModels(session: Session): Promise<void> {
  const { output, signal } = session
  const client = await session.client()
  const project = session.project()
  const models = await listOf(
    pagesOf(async (after) => {
      const answer = await client.request(ListModels, { project, first: 500, after }, { signal })
      return answer.project?.models ?? notThere(`The project "${project}"`)
    }),
  )
  if (output.isJson) return output.json(models)
  const rows = models.map(({ name, latestVersion, aliases, updatedAt, description }) => [
    name,
    latestVersion?.version ?? null,
    latestVersion?.stage ?? null,
    aliases.map(({ alias, version }) => `${alias}=${version.version}`).join(' ') || null,
    updatedAt.slice(0, 10),
    description,
  ])
  return output.table(['NAME', 'LATEST', 'STAGE', 'ALIASES', 'CHANGED', 'DESCRIPTION'], rows)
}

async function listVersions(session: Session, name: string, stages: string[]): Promise<void> {
  const { output, signal } = session
  const client = await session.client()
  const project = session.project()
  const stage = stages.length > 0 ? (stages.map((each) => each.toUpperCase()) as ModelStage[]) : null
  const versions = await listOf(
    pagesOf(async (after) => {
      const { model } = await client.request(ListModelVersions, { project, name, stage, first: 500, after }, { signal })
      return model?.versions ?? notThere(`The model "${name}"`)
    }),
  )
  if (output.isJson) return output.json(versions)
  const rows = versions.map(({ version, uri, stage: at, status, size, run, createdAt }) => [
    version,
    uri,
    at,
    status,
    byteText(Number(size)),
    run?.name ?? null,
    createdAt.slice(0, 16).replace('T', ' '),
  ])
  return output.table(['VERSION', 'URI', 'STAGE', 'STATUS', 'SIZE', 'RUN', 'MADE'], rows)
}
