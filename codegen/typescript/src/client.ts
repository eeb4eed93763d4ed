import { type CredentialOptions, Credentials } from './credentials.js'
import { type Downloaded, type DownloadOptions, download, readBytes } from './download.js'
import type { DownloadSource } from './download-source.js'
import type { ObjectFieldsFragment, PipelineEventFieldsFragment } from './generated/operations.js'
import { type RequestOptions, sendRequest } from './graphql-request.js'
import { type Subscriber, type WatchRunOptions, watchPipelineRun } from './pipeline-run.js'
import type { Platform } from './platform.js'
import { SocketLink } from './socket-link.js'
import { type SubscribeOptions, subscribe } from './subscription.js'
import type { Requester } from './transfer.js'
import type { TypedDocument } from './typed-document.js'
import { type UploadOptions, upload } from './upload.js'
import { defaultRetryPolicy, type RetryPolicy } from './waiting.js'
import type { WebSocketConstructor } from './web-socket.js'

export interface ClientOptions extends CredentialOptions {
  /** Where the server is: `https://dhuo.example.com`, with or without `/graphql`. */
  url: string
  /** For each attempt of a request. Default: 120,000. */
  timeoutMs?: number
  /** How often a request that may be sent again is. Default: 3. */
  retries?: number
  /** How a subscription, an upload or a download goes on after a cut. */
  retry?: Partial<RetryPolicy>
  /** The longest wait that the server may ask for before a request fails. Default: 30,000. */
  longestRetryAfterMs?: number
  /** After so long without a message a subscription asks whether the server is there, and gives it as long again. Default: 15,000. */
  pingAfterMs?: number
  /** How many results of a subscription may wait for a slow reader. Default: 1,000. */
  mostWaiting?: number
  /** Where there is none in the language: Node 20. Without it, the package `ws` when it is installed. */
  webSocket?: WebSocketConstructor
}

type VariableValues = Readonly<Record<string, unknown>>

/** `variables` may be left out when none is needed. */
type Arguments<Variables, Options> =
  Record<string, never> extends Variables ? [variables?: Variables, options?: Options] : [variables: Variables, options?: Options]

/** Where bytes come from and go to differs between Node and browsers. */
export interface Client<From, To> {
  /** Of the server, without `/graphql`. */
  readonly url: string
  /** One query or mutation. @throws DhuoGraphError with the code of the first error of the answer */
  request<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    ...more: Arguments<Variables, RequestOptions>
  ): Promise<Result>
  /** The results of a subscription, as they come. */
  subscribe<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    ...more: Arguments<Variables, SubscribeOptions<Result>>
  ): AsyncIterableIterator<Result>
  /** Every event of a pipeline run, once and in order, across cuts, until its last. */
  watchPipelineRun(id: string, options?: WatchRunOptions): AsyncIterableIterator<PipelineEventFieldsFragment>
  /** Bytes become an object of a bucket, whole or not at all. */
  upload(options: UploadOptions<From>): Promise<ObjectFieldsFragment>
  /** Bytes of an object, a model, a dataset or the result of a SELECT, to where they are to go. */
  download(source: DownloadSource, to: To, options?: DownloadOptions): Promise<Downloaded>
  /** The same bytes, piece by piece. */
  read(source: DownloadSource, options?: DownloadOptions): AsyncIterableIterator<Uint8Array>
  /** Ends every subscription: their loops end as if the server had completed them. */
  close(): void
}

/** Used by the entry of each platform. */
export function createClientOn<From, To>(platform: Platform<From, To>, options: ClientOptions): Client<From, To> {
  const url = serverUrl(options.url)
  const credentials = new Credentials(options)
  const retry = { ...defaultRetryPolicy, ...options.retry }
  const { retries = 3, timeoutMs = 120_000, longestRetryAfterMs = 30_000, pingAfterMs = 15_000, mostWaiting = 1_000 } = options
  const requests = { url: `${url}/graphql`, credentials, retry, retries, timeoutMs, longestRetryAfterMs }
  const link = new SocketLink({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    credentials,
    webSocket: async () => options.webSocket ?? platform.webSocket(),
    openTimeoutMs: 15_000,
    pingAfterMs,
    pongWithinMs: pingAfterMs,
  })
  let closing = new AbortController()
  const request: Requester['request'] = async (document, variables, options_ = {}) =>
    (await sendRequest(requests, { ...options_, query: String(document), variables: variables as VariableValues })) as never
  const start: Subscriber['subscribe'] = (document, variables, options_) => {
    const { operationName } = options_
    const payload = { query: String(document), variables: variables as VariableValues, ...(operationName && { operationName }) }
    return subscribe({ link, retry, retries, mostWaiting, closed: closing.signal }, payload, options_)
  }
  const transfers = { client: { request }, platform, retry }
  return {
    url,
    request: (document, ...[variables, options_]) => request(document, variables ?? ({} as never), options_),
    subscribe: (document, ...[variables, options_]) => start(document, variables ?? ({} as never), options_ ?? {}),
    watchPipelineRun: (id, options_) => watchPipelineRun({ subscribe: start }, id, options_),
    upload: (options_) => upload(transfers, options_),
    download: (source, to, options_) => download(transfers, source, to, options_),
    read: (source, options_) => readBytes(transfers, source, options_),
    close() {
      closing.abort()
      closing = new AbortController()
    },
  }
}

/** @throws TypeError */
function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol))
    throw new TypeError(`"${text}" is no address: write https://host or http://host:port.`)
  if (url.username || url.password)
    throw new TypeError('Credentials do not belong into the address: give `token` or `accessKey`.')
  return (url.origin + url.pathname).replace(/\/+$/, '').replace(/\/graphql$/, '')
}
