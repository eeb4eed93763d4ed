// Says how a run ended.
import type { RunRow, RunStatus } from '../datasources/catalog/experiment-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, notFound } from '../errors.js'
import { requireActiveRun } from './write-run-entries.js'

const final: readonly RunStatus[] = ['FINISHED', 'FAILED', 'KILLED']

/**
 * To say the same again changes nothing; to say otherwise corrects it, and the end is now.
 * @throws BAD_USER_INPUT, NOT_FOUND, PRECONDITION_FAILED it is deleted
 */
export async function finishRun({ catalog }: Datasources, id: string, status: RunStatus): Promise<RunRow> {
  if (!final.includes(status)) throw badInput('status', `status must be one of ${final.join(', ')}; it is ${status}.`)
  return catalog.transaction(async ({ runs }) => {
    const [run] = await runs.byIds([id])
    if (!run) throw notFound('The run', 'id')
    requireActiveRun(run, 'id')
    if (run.status === status) return run
    const change = { status, endedAt: new Date().toISOString() }
    await runs.update(id, change)
    return { ...run, ...change }
  })
}
