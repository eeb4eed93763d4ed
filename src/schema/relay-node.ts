import { Field, ID, InterfaceType } from 'type-graphql'

/** The GraphQL type of an entity by the prefix of its id. */
const typeNames: Readonly<Record<string, string>> = {
  usr: 'User',
  key: 'AccessKey',
  prj: 'Project',
  bkt: 'Bucket',
  obj: 'StoredObject',
  dst: 'Dataset',
  exp: 'Experiment',
  run: 'Run',
  mdl: 'Model',
  mdv: 'ModelVersion',
  dpl: 'Deployment',
  plr: 'PipelineRun',
  pls: 'PipelineStep',
  prd: 'Prediction',
}

@InterfaceType('Node', {
  description: 'Anything with an id that `node(id)` finds again.',
  resolveType: ({ id }: { id: string }) => typeNames[id.slice(0, id.indexOf('_'))],
})
export abstract class RelayNode {
  @Field(() => ID, { description: 'Opaque and stable. The prefix names the type, for example `run_…`.' })
  id!: string
}
