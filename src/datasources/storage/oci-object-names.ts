// How keys of objects are called in a bucket of OCI, and what of a bucket belongs to this server alone.
import { badInput } from '../../errors.js'

/** Everything below it is this server's: no key of a user is called so. */
const reservedPrefix = '.dhuo/'

const keysPrefix = `${reservedPrefix}keys/`
/** What is there is of use while an upload is, and may be deleted later. */
export const uploadsPrefix = `${reservedPrefix}uploads/`

/**
 * A key is its own name, for whoever looks at the bucket by other means. `.` and `..` cannot be: they vanish from a URL, and the
 * request would be about something else.
 * @throws BAD_USER_INPUT (`field: key`) Object Storage does not take it
 */
export function objectNameOf(key: string): string {
  const isOrdinary = key !== '.' && key !== '..' && !key.startsWith(reservedPrefix)
  const name = isOrdinary ? key : keysPrefix + encodeURIComponent(key).replaceAll('.', '%2E')
  if (key === '' || !key.isWellFormed() || /[\r\n\0]/.test(key) || Buffer.byteLength(name) > 1024)
    throw badInput('key', 'A key has 1 to 1024 bytes of UTF-8, without line breaks and NUL.')
  return name
}

/** Metadata of an object that was made of an upload, or written by the server: its id. */
export const uploadMark = 'dhuo-upload'

/** Where an upload is until it is complete: its state, and its bytes. */
export const uploadPrefix = (id: string): string => `${uploadsPrefix}${id}/`
export const uploadBytesName = (id: string): string => `${uploadPrefix(id)}bytes`

/** The key of a name; null for what is this server's own. */
export function keyOf(name: string): string | null {
  if (name.startsWith(keysPrefix)) return decodeURIComponent(name.slice(keysPrefix.length))
  return name.startsWith(reservedPrefix) ? null : name
}

/** Versions that others wrote: this server reads them and does not throw them away. */
const foundPrefix = 'found-'
export const foundVersionOf = (version: { versionId: string | null; etag: string }): string => foundPrefix + versionOf(version)
export const isFound = (version: string): boolean => version.startsWith(foundPrefix)

/** How the port calls a version. In a bucket that never had versioning the etag tells whether it is still the same bytes. */
export const versionOf = ({ versionId, etag }: { versionId: string | null; etag: string }): string => versionId ?? `etag-${etag}`

/** What the service is asked for, to get these bytes or none. */
export function pinOf(version: string): { versionId?: string; ifMatch?: string } {
  const name = isFound(version) ? version.slice(foundPrefix.length) : version
  return name.startsWith('etag-') ? { ifMatch: name.slice('etag-'.length) } : { versionId: name }
}

/** Whether it is these bytes that an object has now. */
export const isVersion = (object: { versionId: string | null; etag: string }, version: string): boolean =>
  version === versionOf(object) || version === foundVersionOf(object)
