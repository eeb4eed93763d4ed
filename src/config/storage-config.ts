import type { z } from 'zod'
import { pathIn, pathUrl } from './path-url.js'

export const storageSettings = {
  DHUO_STORAGE_URL: pathUrl('file'),
}

export interface LocalStorageConfig {
  scheme: 'file'
  directory: string
}
export type StorageConfig = LocalStorageConfig

export const storageConfig = (
  { DHUO_STORAGE_URL }: z.infer<z.ZodObject<typeof storageSettings>>,
  home: string,
): StorageConfig => ({ scheme: 'file', directory: pathIn(DHUO_STORAGE_URL, home, 'buckets') })
