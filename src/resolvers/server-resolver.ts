import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql'
import { requireViewer } from '../access.js'
import type { Context } from '../context.js'
import { checkHealth } from '../datasources/datasources.js'
import { errorCodes } from '../errors.js'
import { Backend, ServerInfo } from '../schema/server-info.js'
import { serverVersion } from '../version.js'

const startedAt = new Date(Date.now() - process.uptime() * 1_000).toISOString()

@Resolver(() => ServerInfo)
export class ServerResolver {
  @Query(() => ServerInfo, { description: 'Which backends this server runs on, their health, versions and limits.' })
  server(@Ctx() context: Context): Omit<ServerInfo, 'backends'> {
    requireViewer(context)
    const { sql, upload } = context.config
    return {
      version: serverVersion,
      startedAt,
      limits: { sqlTimeoutMs: sql.timeoutMs, tableRows: sql.maxRows, objectBytes: upload.maxBytes },
      errorCodes: [...errorCodes],
    }
  }

  @FieldResolver(() => [Backend])
  backends(@Root() _server: ServerInfo, @Ctx() { datasources, events }: Context): Promise<Backend[]> {
    return checkHealth({ ...datasources, pubsub: events })
  }
}
