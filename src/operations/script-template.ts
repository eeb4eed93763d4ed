// Gives a script to begin a step with, for one project: Python's standard library alone, and a small client of this API inside.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StepKind } from '../datasources/catalog/deployment-rows.js'

/** They are no TypeScript, so they stand beside `src` and `dist`, which have the same depth. */
const directory = join(import.meta.dirname, '..', '..', 'templates')

const fileOfKind: Readonly<Record<StepKind, string>> = {
  INGESTION: 'ingest.py',
  FEATURE_ENGINEERING: 'features.py',
  TRAINING: 'train.py',
  EVALUATION: 'evaluate.py',
  PREDICTION: 'predict.py',
  CUSTOM: 'script.py',
}

const clientMark = /^# <client>\n[\s\S]*?^# <\/client>\n/m

export async function scriptTemplate(projectName: string, kind: StepKind): Promise<string> {
  const [script, client] = await Promise.all([readTemplate(fileOfKind[kind]), readTemplate('client.py')])
  return script.replace(clientMark, () => client).replaceAll('__PROJECT__', projectName)
}

const readTemplate = (name: string): Promise<string> => readFile(join(directory, name), 'utf8')
