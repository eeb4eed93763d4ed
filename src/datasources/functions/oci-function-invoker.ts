// Answers online predictions by OCI Functions: a function for each handler, which fetches its files when it is first called.
import type { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { FunctionsInvokeClient } from 'oci-functions'
import type { OciFunctionsConfig } from '../../config/functions-config.js'
import type { OciConfig } from '../../config/oci-config.js'
import { badInput, DhuoError, isDhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { type OciConnection, openOciConnection } from '../oci/oci-connection.js'
import { ociError, ociFailureOf } from '../oci/oci-errors.js'
import { CallSlots } from './call-slots.js'
import type { FunctionDefinition, FunctionInvoker } from './function-invoker.js'
import { cannotBeLoaded, diedTwice, type HandlerReply, predictionsOf, tookTooLong } from './handler-reply.js'
import { OciFunctionObjects, platformSeconds } from './oci-function-objects.js'
import { type HandedHandler, OciHandlerFiles } from './oci-handler-files.js'
import { OciHandoffBucket } from './oci-handoff-bucket.js'

const service = 'Functions'
/** Of OCI Functions: https://docs.oracle.com/iaas/Content/Functions/Tasks/functionsinvokingfunctions.htm. "6 MB", so the smaller million. */
const requestBytes = 6_000_000
/** What is left beside it holds where the files of the handler are. */
const maxPayloadBytes = 5_750_000
const maxUnpackedBytes = 4 * 2 ** 30
const leastLoadSeconds = 60
const callsByDefault = 30
/** A container that is not there yet is started before the five minutes begin. */
const startMs = 120_000

/** What func.py says besides. */
type FunctionReply = HandlerReply & { died?: string; late?: number; unfetched?: string }

/** @throws BACKEND_UNAVAILABLE there are no credentials */
export async function openOciFunctionInvoker(config: OciFunctionsConfig, oci: OciConfig, log: Logger): Promise<FunctionInvoker> {
  return new OciFunctionInvoker(config, await openOciConnection(oci, log), log)
}

class OciFunctionInvoker implements FunctionInvoker {
  readonly kind = 'oci-functions'
  readonly limits
  readonly #bucket: OciHandoffBucket
  readonly #files: OciHandlerFiles
  readonly #functions: OciFunctionObjects
  readonly #clients = new Map<string, FunctionsInvokeClient>()
  readonly #slots: CallSlots
  readonly #closing = new AbortController()

  constructor(
    private readonly config: OciFunctionsConfig,
    private readonly connection: OciConnection,
    log: Logger,
  ) {
    this.limits = { maxPayloadBytes, timeoutMs: config.timeoutMs }
    this.#bucket = new OciHandoffBucket(connection, config.bucket, config.address, log)
    this.#files = new OciHandlerFiles(this.#bucket)
    this.#functions = new OciFunctionObjects(connection, config)
    this.#slots = new CallSlots(config.callsAtOnce ?? callsByDefault)
  }

  async ping(): Promise<void> {
    this.#refuseWhenClosing()
    await Promise.all([this.#functions.ping(), this.#bucket.ping()]).catch((error: unknown) => {
      throw asPortError(error)
    })
  }

  async invoke(definition: FunctionDefinition, rows: readonly unknown[], signal: AbortSignal): Promise<unknown[]> {
    signal.throwIfAborted()
    this.#refuseWhenClosing()
    const text = JSON.stringify(rows)
    const bytes = Buffer.byteLength(text)
    if (bytes > maxPayloadBytes)
      throw badInput('rows', `The rows have ${bytes} bytes of JSON; at most ${maxPayloadBytes} are answered at once.`)
    const gone = AbortSignal.any([signal, this.#closing.signal])
    const leave = await this.#slots.enter(this.config.timeoutMs, gone)
    // A call that is under way goes on when nobody waits for it any more: the container stays warm, and its time is bounded.
    return unlessAborted(gone, this.#answer(definition, text).finally(leave))
  }

  async prepare(definition: FunctionDefinition): Promise<void> {
    this.#refuseWhenClosing()
    const leave = await this.#slots.enter(this.config.timeoutMs, this.#closing.signal)
    await this.#answer(definition, null).finally(leave)
  }

  keys(): Promise<string[]> {
    return this.#functions.keys()
  }

  async release(key: string): Promise<void> {
    await this.#functions.remove(key)
    await this.#files.remove(key)
  }

  async close(): Promise<void> {
    this.#closing.abort(closed())
    await this.#bucket.close()
    this.connection.close()
  }

  /** @param rows as JSON; null: the handler is loaded, and that is all */
  #answer(definition: FunctionDefinition, rows: string | null): Promise<unknown[]> {
    return this.#answerOrFail(definition, rows).catch((error: unknown) => {
      throw asPortError(error)
    })
  }

  async #answerOrFail(definition: FunctionDefinition, rows: string | null): Promise<unknown[]> {
    for (let attempt = 1; ; attempt++) {
      const [handler, { id, invokeEndpoint }] = await Promise.all([
        this.#files.handOver(definition),
        this.#functions.ensure(definition),
      ])
      const reply = await this.#send(id, invokeEndpoint, this.#body(handler, rows)).catch((error: unknown) => {
        if (attempt === 1 && ociFailureOf(error).status === 404) return null
        throw failureOf(error)
      })
      if (reply && reply.unfetched === undefined) return answerOf(reply)
      if (attempt > 1) throw cannotBeLoaded(`its files could not be fetched (${reply?.unfetched})`)
      // Another server has released it, somebody has tidied up, or the URL of its files has expired.
      this.#functions.forget(definition.key)
      await this.#files.forget(definition.key)
    }
  }

  #body(handler: HandedHandler, rows: string | null): string {
    const callSeconds = this.config.timeoutMs / 1_000
    const loadSeconds = Math.max(leastLoadSeconds, platformSeconds - callSeconds - 30)
    const limits = { maxPayloadBytes, maxUnpackedBytes, callSeconds, loadSeconds }
    const call = JSON.stringify({ handler, limits })
    const body = rows === null ? call : `${call.slice(0, -1)},"rows":${rows}}`
    if (Buffer.byteLength(body) > requestBytes) throw cannotBeLoaded(`its model has too many files (${handler.files.length})`)
    return body
  }

  /** Predictions change nothing: to ask again is safe. Calls that were turned away or broke off are made up to three times in all. */
  async #send(functionId: string, endpoint: string, body: string): Promise<FunctionReply> {
    for (let attempt = 1; ; attempt++)
      try {
        // https://docs.oracle.com/iaas/api/#/en/functions/latest/Function/InvokeFunction
        const { value } = await this.#clientFor(endpoint).invokeFunction({ functionId, invokeFunctionBody: body })
        return (await json(value as Readable)) as FunctionReply
      } catch (error) {
        if (this.#closing.signal.aborted) throw closed()
        const most = mostAttempts(error)
        if (attempt >= most) throw error
        await sleep(Math.random() * 500 * 2 ** attempt, undefined, { signal: this.#closing.signal }).catch(() => {})
      }
  }

  /** One for each endpoint: to change that of a shared client is a race. */
  #clientFor(endpoint: string): FunctionsInvokeClient {
    const client =
      this.#clients.get(endpoint) ??
      this.connection.client(FunctionsInvokeClient, {
        service: 'Functions invocation',
        address: { endpoint, region: null },
        // Here, where it is known what is worth another.
        attempts: () => 1,
        // 502 and 504 are said of handlers.
        isFailure: (status) => status === 500 || status === 503,
        silentMs: platformSeconds * 1_000 + startMs,
      })
    this.#clients.set(endpoint, client)
    return client
  }

  #refuseWhenClosing(): void {
    if (this.#closing.signal.aborted) throw closed()
  }
}

function answerOf(reply: FunctionReply): unknown[] {
  if (reply.died !== undefined) throw diedTwice(reply.died)
  if (reply.ready) return []
  if (reply.late !== undefined) throw tookTooLong(reply.late)
  return predictionsOf(reply)
}

/** https://docs.oracle.com/iaas/Content/Functions/Tasks/functionstroubleshooting.htm */
function mostAttempts(error: unknown): number {
  const { status, serviceCode } = ociFailureOf(error)
  if (status === null || status === 429 || status === 503) return 3
  if (serviceCode === 'FunctionInvokeExecutionFailed' || serviceCode === 'FunctionInvokeContainerInitTimeout') return 2
  if (serviceCode === 'FunctionInvokeImagePullTimeout') return 2
  return 1
}

/** What the platform says of a call, in words for who asked; and for who runs the server, where it is theirs to mend. */
function failureOf(error: unknown): DhuoError {
  const { status, serviceCode } = ociFailureOf(error)
  const code = serviceCode?.replace(/^FunctionInvoke/, '') ?? ''
  const told = ociError(service, error)
  const as = (errorCode: 'BACKEND_UNAVAILABLE' | 'TIMEOUT', words: string) =>
    new DhuoError(errorCode, words, { cause: told.cause, ...(told.details && { details: told.details }) })
  const unavailable = (words: string) => as('BACKEND_UNAVAILABLE', words)
  if (status === 413) return badInput('rows', `The rows are more than OCI Functions takes at once.`, error)
  if (status === 429) return unavailable('OCI Functions takes no more calls at the moment: try again.')
  if (code === 'Timeout') return as('TIMEOUT', `The function took longer than ${platformSeconds} seconds.`)
  if (code === 'ExecutionFailed' || code === 'ExecutionError')
    return unavailable(
      'The container of the handler ended twice over these rows: it may need more memory (memoryMb in DHUO_FUNCTIONS_URL).',
    )
  if (code === 'ResponseBodyTooLarge') return unavailable('The handler gave no answer: it is larger than OCI Functions takes.')
  if (code === 'InvalidResponse')
    return unavailable('The handler gave no answer: its function is of another image than the one of this server.')
  if (/^Image|^Container/.test(code)) return unavailable(`OCI Functions cannot start the image of DHUO_FUNCTIONS_URL (${code}).`)
  if (/^Subnet/.test(code)) return unavailable(`OCI Functions cannot use the subnet of the application (${code}).`)
  return told
}

function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** What the port knows; the rest (a bucket that is not there, throttling) is for those who run the server. */
const portCodes = new Set<string>(['TIMEOUT', 'BAD_USER_INPUT', 'PRECONDITION_FAILED', 'BACKEND_UNAVAILABLE'])
function asPortError(error: unknown): unknown {
  if (!isDhuoError(error) || portCodes.has(error.code)) return error
  const { message, cause, details } = error
  return new DhuoError('BACKEND_UNAVAILABLE', message, { cause, ...(details && { details }) })
}

const closed = (): DhuoError => new DhuoError('BACKEND_UNAVAILABLE', 'The server is stopping.')
