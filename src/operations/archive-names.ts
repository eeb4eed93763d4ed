// Turns keys of objects into the paths of files in an archive: relative, unique, and harmless wherever it is unpacked.

export interface ArchivedKey {
  bucket: string
  key: string
}

/**
 * The part of the path that all have in common is left out. Keys of several buckets stand under the names of their buckets.
 * @returns a path for each, in the order of the keys; the same for the same keys
 */
export function archiveNames(keys: readonly ArchivedKey[]): string[] {
  const severalBuckets = new Set(keys.map(({ bucket }) => bucket)).size > 1
  const paths = keys.map(({ bucket, key }) => [...(severalBuckets ? [bucket] : []), ...segmentsOf(key)])
  const shared = sharedDirectories(paths)
  const names = paths.map((path) => relativeName(path.slice(shared)))
  return distinct(names, (index) => `${keys[index]!.bucket}/${keys[index]!.key}`)
}

/** No segment leads upwards or away, and none has a character that some system takes for a separator or cannot hold. */
function segmentsOf(key: string): string[] {
  const segments = key
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    // Windows passes over dots and spaces at the end of a name: `.. ` leads upwards there.
    .map((segment) => (/^[. ]+$/.test(segment) ? segment.replaceAll('.', '_') : segment))
    // Control characters, surrogates, and those that turn the direction of writing and so hide an extension.
    .map((segment) => segment.replace(/[\p{Cc}\p{Cs}\\\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '_'))
  return segments.length === 0 ? ['_'] : segments
}

function sharedDirectories(paths: readonly string[][]): number {
  const [first = []] = paths
  let shared = 0
  while (paths.every((path) => path.length > shared + 1 && path[shared] === first[shared])) shared++
  return shared
}

/** `C:` would be a drive; archiver cuts such a beginning off, which could make two names one. */
const relativeName = (path: readonly string[]): string => path.join('/').replace(/^[\w]+:/, (drive) => `${drive.slice(0, -1)}_`)

/** A store of objects can have `a` and `a/b`; a directory cannot. */
function distinct(names: readonly string[], originalOf: (index: number) => string): string[] {
  const directories = new Set(names.flatMap(directoriesOf))
  const taken = new Set<string>()
  const result = new Array<string>(names.length)
  const byOriginal = [...names.keys()].sort((a, b) => (originalOf(a) < originalOf(b) ? -1 : 1))
  for (const index of byOriginal) {
    let name = names[index]!
    for (let number = 2; taken.has(name) || directories.has(name); number++) name = numbered(names[index]!, number)
    taken.add(name)
    result[index] = name
  }
  return result
}

const directoriesOf = (name: string): string[] => {
  const segments = name.split('/').slice(0, -1)
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'))
}

/** `model.pkl` becomes `model (2).pkl`. */
const numbered = (name: string, number: number): string => name.replace(/(\.[^./]+)?$/, (extension) => ` (${number})${extension}`)
