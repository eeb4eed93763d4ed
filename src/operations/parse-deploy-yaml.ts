// Reads deploy.yaml: the same words as `deploy`, and for each of them the line and column where it stands.
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import {
  type ClusterSize,
  clusterSizes,
  type DeploymentKind,
  deploymentKinds,
  type StepKind,
  stepKinds,
} from '../datasources/catalog/deployment-rows.js'
import { DhuoError, isDhuoError } from '../errors.js'

export interface ObjectPlace {
  bucket: string
  key: string
}

/** Named like the fields of `DeployInput`. */
export interface YamlDeployment {
  name: string
  kind: DeploymentKind
  cluster: ClusterSize
  steps: {
    name: string
    kind: StepKind
    script: ObjectPlace
    arguments: string[]
    needs: string[] | null
    maxAttempts: number
    timeoutSeconds: number | null
  }[]
  requirements: string | ObjectPlace | null
  libraries: ObjectPlace[]
  modelUri: string | null
  cron: string | null
  timezone: string
  isEnabled: boolean
}

export interface ParsedYaml {
  deployment: YamlDeployment
  /** The same error, at the line of the text where `input.…` was said; other errors as they are. */
  atItsLine(error: unknown): unknown
}

const mostYamlBytes = 256 * 1024

/** @throws BAD_USER_INPUT with `line` and `column`, counted from 1 */
export function parseDeployYaml(text: string): ParsedYaml {
  if (Buffer.byteLength(text) > mostYamlBytes) throw problem(`it has more than ${mostYamlBytes} bytes.`)
  const lines = new LineCounter()
  const document = parsed(text, lines)
  const reader = new Reader(document, lines)
  return { deployment: readDeployment(reader), atItsLine: (error) => relocated(error, reader) }
}

function parsed(text: string, lineCounter: LineCounter): Document {
  let document: Document
  try {
    document = parseDocument(text, { lineCounter, version: '1.2', schema: 'core', prettyErrors: false, uniqueKeys: true })
  } catch (error) {
    // Brackets by the thousand: the parser calls itself for each.
    throw problem('it is nested too deeply.', error)
  }
  const [error] = [...document.errors, ...document.warnings]
  if (!error) return document
  const { line, col } = lineCounter.linePos(error.pos[0])
  throw problem(`line ${line}, column ${col}: ${error.message}`, error, { line, column: col })
}

function readDeployment(reader: Reader): YamlDeployment {
  const root = reader.map([], ['name', 'kind', 'cluster', 'model', 'schedule', 'requirements', 'libraries', 'steps'])
  const [cron, timezone, isEnabled] = readSchedule(reader)
  if (!root.has('steps')) throw reader.problemAt([], 'steps are missing.')
  return {
    name: reader.text(['name']),
    kind: root.has('kind') ? reader.oneOf(['kind'], deploymentKinds) : 'BATCH',
    cluster: root.has('cluster') ? readCluster(reader) : 'SMALL',
    modelUri: root.has('model') ? reader.text(['model']) : null,
    cron,
    timezone,
    isEnabled,
    requirements: root.has('requirements') ? readRequirements(reader) : null,
    libraries: root.has('libraries') ? reader.list(['libraries']).map((path) => reader.place(path)) : [],
    steps: reader.list(['steps']).map((path) => readStep(reader, path)),
  }
}

function readStep(reader: Reader, path: Path): YamlDeployment['steps'][number] {
  const step = reader.map(path, ['name', 'kind', 'script', 'arguments', 'needs', 'maxAttempts', 'timeoutSeconds'])
  const texts = (name: string): string[] => reader.list([...path, name]).map((each) => reader.text(each))
  return {
    name: reader.text([...path, 'name']),
    kind: step.has('kind') ? reader.oneOf([...path, 'kind'], stepKinds) : 'CUSTOM',
    script: reader.place([...path, 'script']),
    arguments: step.has('arguments') ? reader.list([...path, 'arguments']).map((each) => reader.scalarAsText(each)) : [],
    needs: step.has('needs') ? texts('needs') : null,
    maxAttempts: step.has('maxAttempts') ? reader.integer([...path, 'maxAttempts']) : 1,
    timeoutSeconds: step.has('timeoutSeconds') ? reader.integer([...path, 'timeoutSeconds']) : null,
  }
}

/** DHuOlib counted them. */
function readCluster(reader: Reader): ClusterSize {
  const value = reader.value(['cluster'])
  const counted = typeof value === 'number' ? clusterSizes[value - 1] : undefined
  return counted ?? reader.oneOf(['cluster'], clusterSizes, 'or 1, 2, 3')
}

function readSchedule(reader: Reader): [cron: string | null, timezone: string, isEnabled: boolean] {
  if (!reader.map([]).has('schedule')) return [null, 'UTC', true]
  if (typeof reader.value(['schedule']) === 'string') return [reader.text(['schedule']), 'UTC', true]
  const schedule = reader.map(['schedule'], ['cron', 'timezone', 'enabled'])
  return [
    reader.text(['schedule', 'cron']),
    schedule.has('timezone') ? reader.text(['schedule', 'timezone']) : 'UTC',
    schedule.has('enabled') ? reader.boolean(['schedule', 'enabled']) : true,
  ]
}

function readRequirements(reader: Reader): string | ObjectPlace {
  const node = reader.node(['requirements'])
  if (isSeq(node))
    return reader
      .list(['requirements'])
      .map((path) => reader.line(path))
      .join('\n')
  if (!isMap(node)) return reader.text(['requirements'])
  reader.map(['requirements'], ['object'])
  return reader.place(['requirements', 'object'])
}

type Path = readonly (string | number)[]

/** Reads one node at a time, by its path; every complaint says where. */
class Reader {
  constructor(
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {}

  node(path: Path): Node | null {
    let node: unknown = this.resolved(this.document.contents)
    for (const part of path) node = isMap(node) || isSeq(node) ? this.resolved(node.get(part, true)) : null
    return (node as Node | null | undefined) ?? null
  }

  private resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.document) : node
  }

  value(path: Path): unknown {
    const node = this.node(path)
    return isScalar(node) ? node.value : undefined
  }

  /** @param allowed all keys that there may be; without it, any @returns the keys that there are */
  map(path: Path, allowed?: readonly string[]): ReadonlySet<string> {
    const node = this.node(path)
    if (!isMap(node)) throw this.problemAt(path, `must be a map${allowed ? ` with ${allowed.join(', ')}` : ''}.`)
    const keys = node.items.map(({ key }) => String(isScalar(key) ? key.value : ''))
    for (const [index, key] of keys.entries())
      if (allowed && !allowed.includes(key)) {
        const start = (node.items[index]!.key as Node | null)?.range?.[0]
        throw this.problemAt(path, `there is no "${key.slice(0, 50)}" here; there are ${allowed.join(', ')}.`, start)
      }
    return new Set(keys)
  }

  /** @returns the path of each entry */
  list(path: Path): Path[] {
    const node = this.node(path)
    if (!isSeq(node)) throw this.problemAt(path, 'must be a list.')
    return node.items.map((_, index) => [...path, index])
  }

  text(path: Path): string {
    const value = this.value(path)
    if (typeof value !== 'string') throw this.problemAt(path, this.node(path) === null ? 'is missing.' : 'must be a text.')
    return value
  }

  line(path: Path): string {
    const text = this.text(path)
    if (/[\r\n]/.test(text)) throw this.problemAt(path, 'must be one line.')
    return text
  }

  /** Numbers as they were written: `0.10` stays so. */
  scalarAsText(path: Path): string {
    const node = this.node(path)
    if (isScalar(node) && typeof node.value === 'string') return node.value
    if (isScalar(node) && ['number', 'boolean', 'bigint'].includes(typeof node.value)) return node.source ?? String(node.value)
    throw this.problemAt(path, 'must be a text, a number, true or false.')
  }

  integer(path: Path): number {
    const value = this.value(path)
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw this.problemAt(path, 'must be a whole number.')
    return value
  }

  boolean(path: Path): boolean {
    const value = this.value(path)
    if (typeof value !== 'boolean') throw this.problemAt(path, 'must be true or false.')
    return value
  }

  oneOf<Value extends string>(path: Path, values: readonly Value[], more = ''): Value {
    const value = values.find((each) => each === this.value(path))
    if (value === undefined) throw this.problemAt(path, `must be one of ${[values.join(', '), more].join(' ').trim()}.`)
    return value
  }

  /** `bucket/key`, or a map of both. */
  place(path: Path): ObjectPlace {
    const node = this.node(path)
    if (isMap(node)) {
      this.map(path, ['bucket', 'key'])
      return { bucket: this.text([...path, 'bucket']), key: this.text([...path, 'key']) }
    }
    const text = this.text(path)
    const slash = text.indexOf('/')
    if (slash < 1 || slash === text.length - 1)
      throw this.problemAt(path, 'must be <bucket>/<key>, or a map with bucket and key.')
    return { bucket: text.slice(0, slash), key: text.slice(slash + 1) }
  }

  /** @param offset where exactly; else at the node, or at the nearest one around it that is there */
  problemAt(path: Path, message: string, offset?: number): DhuoError {
    const { line, column } = this.placeOf(path, offset)
    return problem(`line ${line}, column ${column}: ${nameOf(path)}${message}`, undefined, { line, column })
  }

  placeOf(path: Path, offset?: number): { line: number; column: number } {
    let start = offset
    for (let length = path.length; start === undefined && length > 0; length--)
      start = this.node(path.slice(0, length))?.range?.[0]
    const { line, col } = this.lines.linePos(start ?? this.node([])?.range?.[0] ?? 0)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

const nameOf = (path: Path): string =>
  path.length === 0
    ? ''
    : `${path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
        .join('')
        .slice(1)}: `

/** Where `deploy.yaml` has what `DeployInput` calls otherwise. */
const pathOfField: Readonly<Record<string, Path>> = {
  modelUri: ['model'],
  cron: ['schedule', 'cron'],
  timezone: ['schedule', 'timezone'],
}

function relocated(error: unknown, reader: Reader): unknown {
  if (!isDhuoError(error) || !error.field?.startsWith('input.')) return error
  const given = [...error.field.slice('input.'.length).matchAll(/\w+/g)].map(([part]) =>
    /^\d+$/.test(part) ? Number(part) : part,
  )
  const path = pathOfField[String(given[0])] ?? given
  const { line, column } = reader.placeOf(path)
  const message = error.message.replaceAll(/\binput\./g, '')
  return new DhuoError(error.code, `yaml: line ${line}, column ${column}: ${message}`, {
    field: 'yaml',
    cause: error,
    details: { ...error.details, line, column },
  })
}

const problem = (message: string, cause?: unknown, details?: { line: number; column: number }): DhuoError =>
  new DhuoError('BAD_USER_INPUT', `yaml: ${message}`, { field: 'yaml', cause, ...(details && { details }) })
