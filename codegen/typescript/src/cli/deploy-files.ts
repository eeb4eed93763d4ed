import { isMap, isScalar, isSeq, parseDocument, type Scalar } from 'yaml'
import { usageError } from './exit-codes.js'

/** A file beside a deploy.yaml, and where it stands in its text. */
export interface LocalFile {
  /** As it is written: ./train.py */
  path: string
  key: string
  start: number
  end: number
  /** A script or a library is named by its object; the text of requirements is `object:`. */
  isRequirements: boolean
}

/**
 * What begins with ./ or ../ is a file of this machine: scripts, libraries, and a `requirements` that is a single one.
 * Nothing is said of what is wrong with the text: the server does, with line and column.
 */
export function localFilesIn(text: string): LocalFile[] {
  const document = parseDocument(text)
  if (document.errors.length > 0 || !isMap(document.contents)) return []
  const root = document.contents
  const name = root.get('name')
  const files: LocalFile[] = []
  const add = (node: unknown, isRequirements = false) => {
    if (!isScalar(node) || typeof node.value !== 'string' || !/^\.\.?\/\S+$/.test(node.value) || !node.range) return
    const [start, end] = (node as Scalar & { range: [number, number, number] }).range
    files.push({ path: node.value, key: keyOf(String(name), node.value), start, end, isRequirements })
  }
  const steps = root.get('steps', true)
  if (isSeq(steps)) for (const step of steps.items) if (isMap(step)) add(step.get('script', true))
  const libraries = root.get('libraries', true)
  if (isSeq(libraries)) for (const library of libraries.items) add(library)
  add(root.get('requirements', true), true)
  refuseTwins(files)
  return files
}

/** The text with every file replaced by the object that it became. Lines stay where they are, so complaints point to the right one. */
export function withObjects(text: string, files: readonly LocalFile[], bucket: string): string {
  let result = text
  for (const { key, start, end, isRequirements } of [...files].sort((a, b) => b.start - a.start)) {
    const object = JSON.stringify(`${bucket}/${key}`)
    result = result.slice(0, start) + (isRequirements ? `{ object: ${object} }` : object) + result.slice(end)
  }
  return result
}

/** Below the name of the deployment; what lies outside of the folder loses its way there. */
function keyOf(deployment: string, path: string): string {
  const parts = path.split('/').filter((part) => part !== '.' && part !== '')
  const inside = parts.includes('..') ? parts.slice(-1) : parts
  return `${deployment.toLowerCase()}/${inside.join('/')}`
}

function refuseTwins(files: readonly LocalFile[]): void {
  for (const file of files) {
    const twin = files.find(({ key, path }) => key === file.key && path !== file.path)
    if (twin) throw usageError(`${file.path} and ${twin.path} would both become ${file.key}: give one another name.`)
  }
}
