import { z } from 'zod'
import { pathIn, pathUrl } from './path-url.js'

export const lakehouseSettings = {
  DHUO_LAKEHOUSE_URL: pathUrl('duckdb'),
  DHUO_SQL_TIMEOUT_MS: z.coerce.number().int().min(1).max(3_600_000).default(30_000),
  DHUO_SQL_MAX_ROWS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  DHUO_SQL_MEMORY_MB: z.coerce.number().int().min(64).default(1024),
}

export interface DuckdbLakehouseConfig {
  scheme: 'duckdb'
  directory: string
  memoryLimitMb: number
  timeoutMs: number
}
export type LakehouseConfig = DuckdbLakehouseConfig

export const lakehouseConfig = (settings: z.infer<z.ZodObject<typeof lakehouseSettings>>, home: string): LakehouseConfig => ({
  scheme: 'duckdb',
  directory: pathIn(settings.DHUO_LAKEHOUSE_URL, home, 'lakehouse'),
  memoryLimitMb: settings.DHUO_SQL_MEMORY_MB,
  timeoutMs: settings.DHUO_SQL_TIMEOUT_MS,
})
