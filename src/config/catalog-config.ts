import type { z } from 'zod'
import { pathIn, pathUrl } from './path-url.js'

export const catalogSettings = {
  DHUO_CATALOG_URL: pathUrl('sqlite'),
}

export interface SqliteCatalogConfig {
  scheme: 'sqlite'
  file: string
}
export type CatalogConfig = SqliteCatalogConfig

export const catalogConfig = (
  { DHUO_CATALOG_URL }: z.infer<z.ZodObject<typeof catalogSettings>>,
  home: string,
): CatalogConfig => ({ scheme: 'sqlite', file: pathIn(DHUO_CATALOG_URL, home, 'catalog.db') })
