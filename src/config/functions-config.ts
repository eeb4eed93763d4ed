import { z } from 'zod'
import { type Environment, inheritedFrom } from './script-environment.js'

export const functionsSettings = {
  DHUO_FUNCTIONS_URL: z.literal('local:', { error: 'must be local:' }).default('local:'),
  DHUO_FUNCTION_TIMEOUT_MS: z.coerce.number().int().min(1).max(300_000).default(30_000),
  DHUO_FUNCTIONS_AT_ONCE: z.coerce.number().int().min(1).max(1_000).default(4),
}

export interface LocalFunctionsConfig {
  scheme: 'local'
  /** Holds the files of warm handlers. */
  directory: string
  python: string
  /** As for jobs. */
  inherited: Readonly<Record<string, string>>
  /** Of one call, from the time when the handler has its rows. */
  timeoutMs: number
  /** Handlers that are kept warm; each is a process. */
  workersAtOnce: number
  /** A handler that was not called for so long is ended. */
  idleMs: number
}
export type FunctionsConfig = LocalFunctionsConfig

export const functionsConfig = (
  settings: z.infer<z.ZodObject<typeof functionsSettings>> & { DHUO_PYTHON: string },
  home: string,
  env: Environment,
): FunctionsConfig => ({
  scheme: 'local',
  directory: home,
  python: settings.DHUO_PYTHON,
  inherited: inheritedFrom(env),
  timeoutMs: settings.DHUO_FUNCTION_TIMEOUT_MS,
  workersAtOnce: settings.DHUO_FUNCTIONS_AT_ONCE,
  idleMs: 600_000,
})
