import DataLoader from 'dataloader'
import type { DeploymentVersionKey } from './datasources/catalog/deployment-version-store.js'
import type { ModelVersionKey } from './datasources/catalog/model-version-store.js'

/** What a run logged under a key. */
export interface RunKey {
  runId: string
  key: string
}

export type ById<Row> = DataLoader<string, Row | null>

/** At most one row for each value of a column; the last one where there are more. */
export const by = <Row, Column extends keyof Row>(
  column: Column,
  find: (values: readonly string[]) => Promise<Row[]>,
): ById<Row> =>
  new DataLoader(async (values) => {
    const rows = new Map((await find(values)).map((row) => [row[column] as string, row]))
    return values.map((value) => rows.get(value) ?? null)
  })

/** All rows for each value of a column, in the order in which they came. */
export const listsBy = <Row, Column extends keyof Row>(
  column: Column,
  find: (values: readonly string[]) => Promise<Row[]>,
): DataLoader<string, Row[]> =>
  new DataLoader(async (values) => {
    const rows = Map.groupBy(await find(values), (row) => row[column] as string)
    return values.map((value) => rows.get(value) ?? [])
  })

/** At most one row for each run and key: one statement for all runs and all keys. */
export const byRunAndKey = <Row extends RunKey>(
  find: (runIds: readonly string[], keys: readonly string[]) => Promise<Row[]>,
): DataLoader<RunKey, Row | null, string> => {
  const textOf = ({ runId, key }: RunKey): string => `${runId} ${key}`
  return new DataLoader(
    async (wanted) => {
      const unique = (name: keyof RunKey) => [...new Set(wanted.map((each) => each[name]))]
      const rows = new Map((await find(unique('runId'), unique('key'))).map((row) => [textOf(row), row]))
      return wanted.map((each) => rows.get(textOf(each)) ?? null)
    },
    { cacheKeyFn: textOf },
  )
}

/** What is asked of several parents with the same further words (the usual case: one field of one list) is one statement. */
export const perParent = <Answer, Key extends { parentId: string }>(
  find: (parentIds: readonly string[], request: Key) => Promise<Answer[]>,
): DataLoader<Key, Answer, string> =>
  new DataLoader(
    async (keys) => {
      const answers = new Map<Key, Answer | Error>()
      for (const group of Map.groupBy(keys, ({ parentId: _, ...request }) => JSON.stringify(request)).values()) {
        const parentIds = group.map((key) => key.parentId)
        try {
          const found = await find(parentIds, group[0]!)
          for (const [index, key] of group.entries()) answers.set(key, found[index]!)
        } catch (error) {
          // A wrong cursor or filter is the fault of who asked for it, not of whoever asks in the same moment.
          const failure = error instanceof Error ? error : new Error('A list cannot be read.', { cause: error })
          for (const key of group) answers.set(key, failure)
        }
      }
      return keys.map((key) => answers.get(key)!)
    },
    { cacheKeyFn: (key) => JSON.stringify(key) },
  )

/** All rows for each version of a deployment, in the order in which they came. */
export const byVersion = <Row extends DeploymentVersionKey>(
  find: (keys: readonly DeploymentVersionKey[]) => Promise<Row[]>,
): DataLoader<DeploymentVersionKey, Row[], string> =>
  new DataLoader(
    async (keys) => {
      const rows = Map.groupBy(await find(keys), versionKey)
      return keys.map((key) => rows.get(versionKey(key)) ?? [])
    },
    { cacheKeyFn: versionKey },
  )

export const versionKey = ({ deploymentId, version }: DeploymentVersionKey): string => `${deploymentId} ${version}`

export const numberKey = ({ modelId, version }: ModelVersionKey): string => `${modelId} ${version}`
