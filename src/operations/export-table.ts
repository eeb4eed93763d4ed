// Whole results as files: a ticket remembers what was asked, and the download runs it.
import { newId } from '../datasources/catalog/node-id.js'
import type { ExportTicketRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { ExportedResult, TableFormat } from '../datasources/lakehouse/lakehouse.js'
import { notFound } from '../errors.js'
import { objectAsFile } from './object-table.js'
import type { TableSource } from './table-result.js'

interface ExportRequest {
  source: TableSource
  format: TableFormat
}

export async function issueExportTicket(
  { catalog }: Datasources,
  projectId: string,
  request: ExportRequest,
  expiresInSeconds: number,
): Promise<ExportTicketRow> {
  const ticket: ExportTicketRow = {
    id: newId('exportTicket'),
    projectId,
    request: JSON.stringify(request),
    expiresAt: new Date(Date.now() + expiresInSeconds * 1_000).toISOString(),
  }
  await catalog.exportTickets.insert(ticket)
  return ticket
}

/** Runs what the ticket stands for. @throws what the lakehouse throws; NOT_FOUND when the object's bytes are gone */
export async function openExport(
  datasources: Datasources,
  ticket: ExportTicketRow,
  signal: AbortSignal,
): Promise<ExportedResult> {
  const { source, format } = JSON.parse(ticket.request) as ExportRequest
  if ('select' in source) return datasources.lakehouse.exportSelect(source.select, format, signal)
  const [object] = await datasources.catalog.storedObjects.byIds([source.objectId])
  if (!object) throw notFound('The object')
  return datasources.lakehouse.exportFile(await objectAsFile(datasources, object, source.format), format, signal)
}
