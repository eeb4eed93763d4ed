// Makes the ids of all entities: a prefix that names the type, and 32 hex digits that sort by time of making.
import { randomBytes } from 'node:crypto'

export const idPrefixes = {
  user: 'usr',
  accessKey: 'key',
  project: 'prj',
  bucket: 'bkt',
  object: 'obj',
  upload: 'upl',
  dataset: 'dst',
  exportTicket: 'tkt',
  experiment: 'exp',
  run: 'run',
  model: 'mdl',
  modelVersion: 'mdv',
  deployment: 'dpl',
  pipelineRun: 'plr',
  pipelineStep: 'pls',
  prediction: 'prd',
} as const

export type IdKind = keyof typeof idPrefixes

/**
 * A UUID version 7 (RFC 9562, section 5.7) behind a prefix: `run_0199c0de…`. New rows land at the end of their index, and a list
 * ordered by id is ordered by time to the millisecond.
 */
export function newId(kind: IdKind): string {
  const random = randomBytes(10)
  random[0] = (random[0]! & 0x0f) | 0x70
  random[2] = (random[2]! & 0x3f) | 0x80
  return `${idPrefixes[kind]}_${Date.now().toString(16).padStart(12, '0')}${random.toString('hex')}`
}

const kindOfPrefix = new Map<string, IdKind>(Object.entries(idPrefixes).map(([kind, prefix]) => [prefix, kind as IdKind]))

/** What an id is the id of; null when it is not one of ours. */
export function kindOfId(id: string): IdKind | null {
  const match = /^([a-z]{3})_[0-9a-f]{32}$/.exec(id)
  return (match && kindOfPrefix.get(match[1]!)) ?? null
}
