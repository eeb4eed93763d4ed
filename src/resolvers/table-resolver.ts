import { performance } from 'node:perf_hooks'
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql'
import { requireProject, signedDownloadUrl } from '../access.js'
import type { Context } from '../context.js'
import type { Parameters, TableFormat } from '../datasources/lakehouse/lakehouse.js'
import { badInput } from '../errors.js'
import { issueExportTicket } from '../operations/export-table.js'
import { inTermsOf } from '../operations/in-terms-of.js'
import { rowLimit, type TableResult, tableResult } from '../operations/table-result.js'
import { JSONValue, URLText } from '../schema/scalars.js'
import { DmlResult, ExecuteDmlInput, Table } from '../schema/table.js'
import { TableFormatEnum } from '../schema/table-format.js'

const mostParameterSets = 100_000

@Resolver(() => Table)
export class TableResolver {
  @Query(() => Table, {
    description:
      "One read-only statement against the project's lakehouse schema; anything that writes is refused (BAD_USER_INPUT). TIMEOUT: it took longer than `Limits.sqlTimeoutMs`.",
  })
  async executeSelect(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name; unqualified tables are those of its schema." }) projectName: string,
    @Arg('sql', { description: 'One SELECT. Parameters are `?` or `$name`.' }) sql: string,
    @Arg('params', () => JSONValue, { nullable: true, description: 'An array for `?`, an object for `$name`.' }) params?: unknown,
    @Arg('limit', () => Int, { nullable: true, defaultValue: 1000, description: 'Rows at most: 0 to `Limits.tableRows`.' })
    limit?: number | null,
  ): Promise<TableResult> {
    const project = await requireProject(context, projectName, 'VIEWER')
    const query = { schema: project.name, sql, params: parametersOf(params, 'params') }
    const page = await context.datasources.lakehouse.select(
      query,
      { limit: rowLimit(limit, 1000, context.config.sql.maxRows) },
      context.signal,
    )
    return tableResult(page, project.id, { select: query })
  }

  @Mutation(() => DmlResult, {
    description:
      'One INSERT, UPDATE, DELETE or MERGE, or the same one over many parameter sets; one transaction, all or nothing. BAD_USER_INPUT: the statement is wrong, or does something else. TIMEOUT: it took longer than `Limits.sqlTimeoutMs`.',
  })
  async executeDml(
    @Ctx() context: Context,
    @Arg('input', { description: 'The statement and its parameters.' }) input: ExecuteDmlInput,
  ): Promise<DmlResult> {
    const project = await requireProject(context, input.project, 'EDITOR', 'input.project')
    const startedAt = performance.now()
    const statement = { schema: project.name, sql: input.sql, paramSets: parameterSetsOf(input) }
    const names = { schema: 'input.project', sql: 'input.sql', params: input.batch ? 'input.batch' : 'input.params' }
    const { rowsAffected } = await inTermsOf(names, context.datasources.lakehouse.execute(statement, context.signal))
    return { rowsAffected, durationMs: performance.now() - startedAt }
  }

  @FieldResolver(() => URLText, {
    description: 'Streams the whole result, not only these rows: the statement runs again when the URL is fetched.',
  })
  async downloadUrl(
    @Root() table: TableResult,
    @Ctx() context: Context,
    @Arg('format', () => TableFormatEnum, { nullable: true, defaultValue: 'PARQUET', description: 'The format of the file.' })
    format?: TableFormat | null,
    @Arg('expiresIn', () => Int, { nullable: true, defaultValue: 900, description: 'Seconds: 1 to 86400.' }) expiresIn?:
      | number
      | null,
  ): Promise<string> {
    const seconds = expiresIn ?? 900
    const request = { source: table.source, format: format ?? 'PARQUET' }
    const sign = (id: string) => signedDownloadUrl(context, `/files/results/${id}`, seconds)
    // Checks `expiresIn` before anything is written.
    sign('')
    return sign((await issueExportTicket(context.datasources, table.projectId, request, seconds)).id)
  }
}

/** @throws BAD_USER_INPUT */
function parametersOf(params: unknown, field: string): Parameters | undefined {
  if (params === null || params === undefined) return undefined
  if (typeof params === 'object') return params as Parameters
  throw badInput(field, `${field} must be an array (for ?) or an object (for $name).`)
}

function parameterSetsOf({ params, batch }: ExecuteDmlInput): (Parameters | undefined)[] {
  if (!batch) return [parametersOf(params, 'input.params')]
  if (params != null) throw badInput('input.batch', 'Give input.params or input.batch, not both.')
  if (batch.length === 0 || batch.length > mostParameterSets)
    throw badInput('input.batch', `input.batch must have 1 to ${mostParameterSets} parameter sets; it has ${batch.length}.`)
  return batch.map((set) => parametersOf(set, 'input.batch'))
}
