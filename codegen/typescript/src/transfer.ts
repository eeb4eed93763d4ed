import type { RequestOptions } from './graphql-request.js'
import type { Platform } from './platform.js'
import type { TypedDocument } from './typed-document.js'
import type { RetryPolicy } from './waiting.js'

export interface Progress {
  bytes: number
  /** Null: nobody knows. */
  total: number | null
}

export interface Requester {
  request<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables,
    options?: RequestOptions,
  ): Promise<Result>
}

export interface TransferSettings<From, To> {
  client: Requester
  platform: Platform<From, To>
  retry: RetryPolicy
}

/** Without a byte for so long an attempt is given up. */
export const stallMs = 60_000
