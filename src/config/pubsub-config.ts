import { z } from 'zod'

export const pubsubSettings = {
  DHUO_PUBSUB_URL: z.literal('memory:', { error: 'must be memory:' }).default('memory:'),
}

export interface MemoryPubsubConfig {
  scheme: 'memory'
}
export type PubsubConfig = MemoryPubsubConfig

export const pubsubConfig = (_settings: z.infer<z.ZodObject<typeof pubsubSettings>>): PubsubConfig => ({ scheme: 'memory' })
