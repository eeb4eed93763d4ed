// The port to what answers online predictions: warm handlers, called with rows, answering with rows.
import type { Readable } from 'node:stream'

/** `localFile` is preferred; `open` streams the bytes where there is none. */
export interface FunctionFile {
  /** The last part of the name, for example `predict.py`. */
  name: string
  localFile: string | null
  open(): Promise<Readable>
}

export interface FunctionDefinition {
  /** Unique for deployment and version: the same key is the same handler, kept warm. */
  key: string
  displayName: string
  /** A Python file with `load(model_path)` and `predict(model, rows)`. */
  script: FunctionFile
  /** Files of the model version, put beside each other in one directory; empty where there is no model. */
  modelFiles: readonly FunctionFile[]
  archive: (FunctionFile & { sha256: string }) | null
  environment: Readonly<Record<string, string>>
}

/**
 * Throws `DhuoError`: `TIMEOUT`, `BAD_USER_INPUT` when the handler refuses the rows, `PRECONDITION_FAILED` when the handler
 * cannot be loaded (with what it said), `BACKEND_UNAVAILABLE` otherwise.
 */
export interface FunctionInvoker {
  /** The scheme of the URL that chose it: `local`, `oci-functions`. */
  readonly kind: string
  readonly limits: {
    /** Bytes of JSON, each way. */
    maxPayloadBytes: number
    timeoutMs: number
  }
  ping(): Promise<void>
  /** Makes ready what the first call would wait for, where handlers outlive this server; elsewhere it does nothing. Throws as `invoke`. */
  prepare(definition: FunctionDefinition): Promise<void>
  /** One answer for each row, in order. A handler that died is started again, once. */
  invoke(definition: FunctionDefinition, rows: readonly unknown[], signal: AbortSignal): Promise<unknown[]>
  /** The keys of the handlers that it holds, also for servers that are no more: what nobody releases stays. */
  keys(): Promise<string[]>
  /** Lets go of a handler that will not be called again. Idempotent. */
  release(key: string): Promise<void>
  close(): Promise<void>
}
