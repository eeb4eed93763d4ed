import { CreateProject, ListProjects } from '../node.js'
import { type Command, textOf } from './command.js'
import { exitCodes, usageError } from './exit-codes.js'
import { listOf, pagesOf } from './pages.js'

export const projectsCommand: Command = {
  usage: 'projects [create NAME]',
  summary: 'Lists your projects, or makes one.',
  options: { description: { type: 'string', value: 'TEXT', says: 'of the new project' } },
  takes: [0, 2],
  async run(session, given) {
    const [verb, name] = given.positionals
    const client = await session.client()
    const { signal, output } = session
    if (verb !== undefined) {
      if (verb !== 'create' || name === undefined) throw usageError(`dhuo projects ${given.positionals.join(' ')}: what is that?`)
      const description = textOf(given, 'description')
      const input = { name, ...(description !== undefined && { description }) }
      const { createProject } = await client.request(CreateProject, { input }, { signal })
      if (output.isJson) await output.json(createProject)
      else await output.line(`Made the project ${createProject.name}.`)
      return exitCodes.ok
    }
    const projects = await listOf(
      pagesOf(async (after) => (await client.request(ListProjects, { first: 500, after }, { signal })).projects),
    )
    if (output.isJson) await output.json(projects)
    else await output.table(['NAME', 'ROLE', 'MADE', 'DESCRIPTION'], projects.map(rowOf))
    return exitCodes.ok
  },
}

const rowOf = (project: { name: string; viewerRole: string | null; createdAt: string; description: string | null }) => [
  project.name,
  project.viewerRole,
  project.createdAt.slice(0, 10),
  project.description,
]
