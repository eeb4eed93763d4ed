// The port to what finds and packs the packages of a deployment elsewhere: on the platform that its scripts run on.
import type { Readable } from 'node:stream'

export interface ArchiveRequest {
  /** The same key gives the same archive: what was built for it before is taken. Letters and digits. */
  key: string
  /** A requirements.txt. */
  requirements: string
  /** Names of packages, normalized, that the deployment brings by itself: they are left out. */
  without: readonly string[]
  /** What the packages have to fit: `[3, 11]`, `linux`, `x86_64`. */
  runtime: { version: readonly [number, number]; platform: string; machine: string }
  /** Of the ZIP file, and of all files in it. */
  bounds: { bytes: number; unpackedBytes: number }
}

export interface RemoteArchive {
  /** Lower-case hex, as the builder says: whoever reads the bytes compares. */
  sha256: string
  size: number
  /** `name==version`, sorted. */
  packages: string[]
  /** A ZIP file in the layout of OCI Data Flow. */
  open(): Promise<Readable>
}

export interface ArchiveBuilder {
  /** The scheme of what builds: `oci-functions`. */
  readonly kind: string
  /** Resolves when archives can be built. */
  ping(): Promise<void>
  /**
   * May take as long as pip does elsewhere.
   * @throws PRECONDITION_FAILED whoever deployed can mend it, in pip's words; BACKEND_UNAVAILABLE, TIMEOUT
   */
  build(request: ArchiveRequest, signal: AbortSignal): Promise<RemoteArchive>
  /** What was built for the key is of no use any more. Idempotent. */
  discard(key: string): Promise<void>
  close(): Promise<void>
}
