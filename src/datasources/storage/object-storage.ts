// The port to the bytes of objects: uploads in parts, immutable versions, ranged reads.
import type { Readable } from 'node:stream'

/** Where the bytes of one version of one object are. What a location names never changes. */
export interface BytesLocation {
  bucket: string
  key: string
  /** Given by the backend when the bytes were complete. */
  version: string
}

/** Offsets in bytes, both ends included, inside the object. */
export interface ByteRange {
  start: number
  end: number
}

/** What the backend knows of bytes that are complete. */
export interface StoredBytes {
  version: string
  /** Bytes. */
  size: number
  /** Differs whenever the bytes were written anew; without quotes. */
  etag: string
  /** Lower-case hex; null where nobody asked for it and the backend does not compute it by itself. */
  sha256: string | null
}

export interface UploadRequest {
  /** Chosen by the caller, unique for ever: completing the same upload twice gives the same version. */
  id: string
  bucket: string
  key: string
  /** Bytes; zero is allowed. */
  size: number
  contentType: string
  /** ISO 8601. When whoever got the URL of a part may use it no more. The caller abandons the upload some time after. */
  expiresAt: string
}

/** Where a client sends a part without asking this server. */
export interface PartTarget {
  /** For one PUT of the bytes alone; may be repeated. It is a secret. */
  url: string
  /** To be sent with it. */
  headers: Record<string, string>
}

/** How a bucket is told from others by who looks at the backend itself. */
export interface BucketLabels {
  project: string
  /** `RAW`, `MODELS` … */
  purpose: string
}

/** What a client that fetches the bytes from the backend itself is told beside them. */
export interface ReadUrlOptions {
  /** Bytes of the object. */
  size: number
  contentType: string
  /** Under which it is saved. */
  filename: string
}

/** Bytes that another machine may fetch by itself for a while. */
export interface LentBytes {
  /** Gives the bytes, with Range, to whoever has it: it is a secret. It has no query. */
  url: string
  /** False when the URL gives other bytes by now, which another write has put in their place. */
  isStill(): Promise<boolean>
  /** Never fails: what cannot be taken back ends by itself. */
  takeBack(): Promise<void>
}

/** An upload that was begun. Plain data: the caller keeps it, and another server may go on with it. */
export interface BegunUpload extends UploadRequest {
  /** Bytes of every part but the last. */
  partSize: number
  /** What the backend needs to find the upload again. */
  token: string
}

/** An object that lies in a bucket, whoever put it there. */
export interface FoundObject {
  key: string
  /** Of these bytes; `remove` leaves them alone, for they are not this server's to throw away. */
  version: string
  /** False of what lay there before the bucket kept versions: it cannot be hidden, and what is deleted of it cannot come back. */
  isKept: boolean
  size: number
  etag: string
  /** ISO 8601. */
  lastModified: string
}

export interface FoundDescription {
  etag: string
  contentType: string
  /** The id of the upload that it was made of, be it a copy or not; null when it came by other ways. */
  uploadId: string | null
}

/** What a backend offers that others fill as well. */
export interface ExistingBuckets {
  /**
   * Makes a bucket that is there ready: from now on it keeps every version.
   * @throws NOT_FOUND (`field: bucket`), CONFLICT (`field: bucket`) it was made for something else
   */
  adopt(bucket: string, labels: BucketLabels): Promise<void>
  /**
   * What is under each key now, in byte order of the keys. Passes over what is no key here.
   * @throws NOT_FOUND (`field: bucket`)
   */
  list(bucket: string, prefix: string): AsyncIterable<FoundObject>
  /** What is under a key now; null when nothing is. */
  describe(bucket: string, key: string): Promise<FoundDescription | null>
}

/**
 * One kind of object store. Bytes are streams in both directions: memory does not grow with the size of an object.
 * Every method throws `DhuoError`: `BACKEND_UNAVAILABLE` when the backend does not answer, and what is named below.
 */
export interface ObjectStorage {
  /** The scheme of the URL that chose it: `file`, `oci`. */
  readonly kind: string
  readonly supports: {
    /** Clients send and fetch bytes at URLs of the backend's own, not through this server. */
    directTransfer: boolean
  }
  /** Null where all that can be in a bucket was put there by servers like this one. */
  readonly existing: ExistingBuckets | null
  /** Resolves when the backend can be read and written. */
  ping(): Promise<void>
  /**
   * Idempotent.
   * @throws BAD_USER_INPUT (`field: bucket`) the backend takes no such name
   * @throws CONFLICT (`field: bucket`) the name is in use in the backend for something else
   */
  createBucket(bucket: string, labels: BucketLabels): Promise<void>

  /**
   * Reserves nothing that `abandonUpload` does not free. No object exists yet. Parts are at most 10,000; how bytes are cut
   * into them is said by `upload-parts.ts`.
   * @throws NOT_FOUND (`field: bucket`), BAD_USER_INPUT (`field: size`), CONFLICT the id was used before
   */
  beginUpload(request: UploadRequest): Promise<BegunUpload>
  /**
   * Where a client sends this part itself, until `expiresAt`; null where it has to come through `writePart`. Promises the same: a
   * part sent again replaces the first, and one that breaks off does not count.
   * @throws BAD_USER_INPUT (`field: part`) there is no such part
   */
  partTarget(upload: BegunUpload, partNumber: number): PartTarget | null
  /**
   * Stores one part, numbered from 1. A part sent again replaces the first; a part counts only when all its bytes came:
   * fewer or more than it must have is `BAD_USER_INPUT` (`field: part`), a second sender of the same part at the same time
   * `CONFLICT`. When it fails, `bytes` is left where it is and not destroyed: a request can still be answered.
   * @throws NOT_FOUND the upload was abandoned
   * @throws CONFLICT the upload is complete, or being completed
   */
  writePart(upload: BegunUpload, partNumber: number, bytes: Readable): Promise<void>
  /**
   * Makes the bytes whole and durable. Idempotent, also after a crash at any moment and from two servers at once. An empty
   * upload has no parts and can be completed at once.
   * @param expectedSha256 lower-case hex; when given the bytes are hashed and must agree.
   * @throws PRECONDITION_FAILED a part is missing (`details.missingParts`), or the digest differs (`field: sha256`); then every part
   * has to be sent again, through `writePart` where the targets of the first ones do not serve any more
   * @throws NOT_FOUND the upload was abandoned
   */
  completeUpload(upload: BegunUpload, expectedSha256: string | null): Promise<StoredBytes>
  /** Frees what the upload holds. Idempotent; does not touch bytes that were completed. */
  abandonUpload(upload: BegunUpload): Promise<void>

  /**
   * Stores what the server itself produced, in one go; `id` as in `UploadRequest`. Always hashed. When `bytes` fails, nothing
   * is stored and its own error is thrown; when storing fails, `bytes` is destroyed.
   * @throws NOT_FOUND (`field: bucket`), CONFLICT the id was used before
   */
  write(request: { id: string; bucket: string; key: string; contentType: string }, bytes: Readable): Promise<StoredBytes>
  /**
   * The caller reads it to its end or destroys it.
   * @throws NOT_FOUND no such version
   * @throws BAD_USER_INPUT (`field: range`) the range is not within the object
   */
  read(location: BytesLocation, range?: ByteRange): Promise<Readable>
  /**
   * A URL of the backend's own that gives exactly these bytes, with Range, to be used at once; null where they have to come
   * through `read`.
   */
  readUrl(location: BytesLocation, options: ReadUrlOptions): Promise<string | null>
  /**
   * Lends these bytes to another machine, a database for example, for so many milliseconds or until they are taken back; null where
   * the backend has no URL of its own for exactly them.
   */
  lend(location: BytesLocation, ms: number): Promise<LentBytes | null>
  /** A file of this machine that holds exactly these bytes and must only be read, or null where there is none. */
  localFile(location: BytesLocation): Promise<string | null>
  /** Hashes the bytes. Lower-case hex. */
  sha256(location: BytesLocation): Promise<string>
  /**
   * Takes a version out of the way of those who look at the backend by other means, if it is what they see under its key. It
   * stays readable by its location. Idempotent.
   */
  hide(location: BytesLocation): Promise<void>
  /** Idempotent. Open reads of the version go on to their end. */
  remove(location: BytesLocation): Promise<void>
  close(): Promise<void>
}
