// Versions of deployments: their steps, libraries and archives, and which server packages which.
import { type Kysely, sql } from 'kysely'
import type { Timestamp } from './column-types.js'
import type { DeploymentLibraryRow, DeploymentStepRow, DeploymentVersionRow } from './deployment-rows.js'
import type { Tables } from './tables.js'
import { valueRows } from './value-rows.js'

export interface DeploymentVersionKey {
  deploymentId: string
  version: number
}

export type BuiltArchive = Pick<DeploymentVersionRow, 'archiveObjectId' | 'archiveSha256' | 'archivePackages' | 'archiveBuiltAt'>

export class DeploymentVersionStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** @param steps at least one */
  async insert(
    version: DeploymentVersionRow,
    steps: readonly DeploymentStepRow[],
    libraries: readonly DeploymentLibraryRow[],
  ): Promise<void> {
    await this.db.insertInto('deployment_versions').values(version).execute()
    await this.db.insertInto('deployment_steps').values(steps).execute()
    if (libraries.length > 0) await this.db.insertInto('deployment_libraries').values(libraries).execute()
  }

  byKeys(keys: readonly DeploymentVersionKey[]): Promise<DeploymentVersionRow[]> {
    return this.wanted<DeploymentVersionRow>(keys, 'deployment_versions', sql``)
  }

  /** In their order. */
  steps(keys: readonly DeploymentVersionKey[]): Promise<DeploymentStepRow[]> {
    return this.wanted<DeploymentStepRow>(keys, 'deployment_steps', sql`order by found.position`)
  }

  /** In the order in which they were given. */
  libraries(keys: readonly DeploymentVersionKey[]): Promise<DeploymentLibraryRow[]> {
    return this.wanted<DeploymentLibraryRow>(keys, 'deployment_libraries', sql`order by found.position`)
  }

  private async wanted<Row>(keys: readonly DeploymentVersionKey[], table: string, order: ReturnType<typeof sql>): Promise<Row[]> {
    if (keys.length === 0) return []
    const values = valueRows(
      this.db,
      ['text', keys.map(({ deploymentId }) => deploymentId)],
      ['integer', keys.map(({ version }) => version)],
    )
    const { rows } = await sql<Row>`
      with wanted("deploymentId", version) as (${values})
      select found.* from wanted join ${sql.table(table)} as found
        on found."deploymentId" = wanted."deploymentId" and found.version = wanted.version ${order}`.execute(this.db)
    return rows
  }

  findByIdempotencyKey(deploymentId: string, idempotencyKey: string): Promise<DeploymentVersionRow | undefined> {
    return this.db
      .selectFrom('deployment_versions')
      .selectAll()
      .where('deploymentId', '=', deploymentId)
      .where('idempotencyKey', '=', idempotencyKey)
      .executeTakeFirst()
  }

  /** An archive of this project that was made from the same, the newest one. */
  findArchive(projectId: string, archiveKey: string): Promise<BuiltArchive | undefined> {
    return this.db
      .selectFrom('deployment_versions')
      .innerJoin('deployments', 'deployments.id', 'deployment_versions.deploymentId')
      .select(['archiveObjectId', 'archiveSha256', 'archivePackages', 'archiveBuiltAt'])
      .where('archiveKey', '=', archiveKey)
      .where('projectId', '=', projectId)
      .where('archiveObjectId', 'is not', null)
      .orderBy('archiveBuiltAt', 'desc')
      .limit(1)
      .executeTakeFirst()
  }

  /** Takes the version that has waited longest to be packaged, and that nobody packages; undefined when there is none. */
  async claimPackaging(now: Timestamp, until: Timestamp): Promise<DeploymentVersionRow | undefined> {
    for (;;) {
      const waiting = await this.db
        .selectFrom('deployment_versions')
        .selectAll()
        .where('status', '=', sql.lit('PACKAGING' as const))
        .where((where) => where.or([where('packagingUntil', 'is', null), where('packagingUntil', '<=', now)]))
        .orderBy('createdAt')
        .limit(1)
        .executeTakeFirst()
      if (!waiting || (await this.holdPackaging(waiting, until))) return waiting && { ...waiting, packagingUntil: until }
    }
  }

  /** Compare-and-set. @param until null lets it go @returns false when it is no longer held as `version` says */
  async holdPackaging(
    { deploymentId, version, packagingUntil }: Pick<DeploymentVersionRow, 'deploymentId' | 'version' | 'packagingUntil'>,
    until: Timestamp | null,
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable('deployment_versions')
      .set({ packagingUntil: until })
      .where('deploymentId', '=', deploymentId)
      .where('version', '=', version)
      .where('status', '=', 'PACKAGING')
      .where('packagingUntil', packagingUntil === null ? 'is' : '=', packagingUntil)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** @returns false when somebody else was first */
  async finishPackaging(
    { deploymentId, version }: DeploymentVersionKey,
    outcome: Pick<DeploymentVersionRow, 'status' | 'statusDetail'> &
      Partial<BuiltArchive & Pick<DeploymentVersionRow, 'archiveKey'>>,
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable('deployment_versions')
      .set({ ...outcome, packagingUntil: null })
      .where('deploymentId', '=', deploymentId)
      .where('version', '=', version)
      .where('status', '=', 'PACKAGING')
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }
}
