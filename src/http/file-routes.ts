import { open } from 'node:fs/promises'
import type { OutgoingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { ExportedResult } from '../datasources/lakehouse/lakehouse.js'
import type { BegunUpload, ByteRange, BytesLocation, ObjectStorage } from '../datasources/storage/object-storage.js'
import { extentOfPart } from '../datasources/storage/upload-parts.js'
import { badInput, DhuoError, httpStatusOf, isDhuoError, notFound } from '../errors.js'
import { answerConditionally } from './conditional-request.js'
import { attachmentNamed } from './content-disposition.js'
import { sendFile } from './send-file.js'

export interface DownloadableObject {
  location: BytesLocation
  key: string
  /** Bytes. */
  size: number
  /** Without quotes. */
  etag: string
  contentType: string
  /** ISO 8601. */
  lastModified: string
}

export interface FileRouteDependencies {
  storage: ObjectStorage
  /**
   * Gets the method and the whole URL of a request, path and query. Resolves only when the URL was signed by this server and
   * whoever it was signed for may still do it. @throws DhuoError why not
   */
  verify(method: string, url: string): Promise<{ expiresAt: Date }>
  /** The upload, while parts may be sent to it. */
  findUpload(id: string): Promise<BegunUpload | null>
  findObject(id: string): Promise<DownloadableObject | null>
  /**
   * Starts the whole result that a ticket stands for. @throws DhuoError
   * @param signal aborts when the client goes away
   */
  exportTicket(id: string, signal: AbortSignal): Promise<{ exported: ExportedResult; filename: string }>
  /** Starts a ZIP of the files of a model version. @throws DhuoError */
  openModelArchive(modelVersionId: string): Promise<{ bytes: Readable; filename: string }>
  /** How long a client may neither send nor take a byte until its connection is closed. Default: one minute, five minutes. */
  idleMs?: { upload: number; download: number }
}

/** A refused upload may send on for this long, so that its client comes to read the answer. */
const lingerMs = 5_000

// Bytes go through as they are: neither compressed nor, on their way in, unpacked (@fastify/compress reads these options).
const asIs: RouteShorthandOptions & { compress: false; decompress: false } = {
  compress: false,
  decompress: false,
  exposeHeadRoute: false,
}

/**
 * The routes through which bytes come and go, by signed URLs alone: no cookies or headers give access here.
 *
 * - `PUT /files/uploads/:uploadId/:part`: the bytes of one part. 200 `{ part, size }`; may be repeated.
 * - `GET, HEAD /files/objects/:objectId/:filename?`: an object, with ranges and conditions. Saved under `filename`. Where the
 *   storage serves clients itself GET answers 307 and leads there.
 * - `GET /files/results/:ticketId/:filename?`: a whole result. A failure midway cuts the connection: no client takes it for whole.
 * - `GET /files/models/:modelVersionId/:filename?`: the files of a model version as a ZIP, made while it is sent; the same.
 *
 * Errors are `{ error: { code, message, … } }` with the status that fits the code.
 */
export function registerFileRoutes(app: FastifyInstance, dependencies: FileRouteDependencies): void {
  const { storage, verify, findUpload, findObject, exportTicket, openModelArchive } = dependencies
  const { idleMs = { upload: 60_000, download: 300_000 } } = dependencies

  app.register(async (files) => {
    files.removeAllContentTypeParsers()
    files.addContentTypeParser('*', (_request, _payload, done) => done(null))
    files.setErrorHandler(answerWithError)
    files.addHook('onRequest', async (request, reply) => {
      // Fastify refuses a body whose media type it cannot read; here nobody reads it.
      delete request.headers['content-type']
      // The URL is the whole authority, and no cookie adds to it: any page that was given it may use it.
      reply.header('access-control-allow-origin', '*')
      reply.header('access-control-expose-headers', '*')
      reply.header('x-content-type-options', 'nosniff')
    })

    files.options('/files/*', async (_request, reply) => {
      reply.header('access-control-allow-methods', 'GET, HEAD, PUT')
      reply.header('access-control-allow-headers', '*')
      reply.header('access-control-max-age', '7200')
      return reply.code(204).send()
    })

    files.put<{ Params: { uploadId: string; part: string } }>('/files/uploads/:uploadId/:part', asIs, async (request) => {
      await verify(request.method, request.url)
      const upload = await findUpload(request.params.uploadId)
      if (upload === null) throw notFound('The upload')
      const part = /^\d{1,5}$/.test(request.params.part) ? Number(request.params.part) : Number.NaN
      const { size } = extentOfPart(upload, part)
      const announced = request.headers['content-length']
      if (announced !== undefined && Number(announced) !== size)
        throw badInput('part', `Part ${part} must have ${size} bytes; Content-Length says ${announced}.`)
      // A network that is gone does not say so; until this is over, the part cannot be sent again.
      request.raw.setTimeout(idleMs.upload, () => request.raw.destroy())
      await storage.writePart(upload, part, request.raw)
      return { part, size }
    })

    files.route<{ Params: { objectId: string; filename?: string } }>({
      ...asIs,
      method: ['GET', 'HEAD'],
      url: '/files/objects/:objectId/:filename?',
      handler: async (request, reply) => {
        const { expiresAt } = await verify(request.method, request.url)
        const object = await findObject(request.params.objectId)
        if (object === null) throw notFound('The object')
        return sendObject(request, reply, object, expiresAt)
      },
    })

    files.get<{ Params: { ticketId: string; filename?: string } }>(
      '/files/results/:ticketId/:filename?',
      asIs,
      async (request, reply) => {
        await verify(request.method, request.url)
        const { exported, filename } = await exportTicket(request.params.ticketId, signalOf(reply))
        reply.headers({
          ...safeToServe(exported.contentType, request.params.filename ?? filename),
          'cache-control': 'private, no-store',
          ...(exported.size !== null && { 'content-length': exported.size }),
        })
        return sendBytes(reply, exported.bytes)
      },
    )

    files.get<{ Params: { modelVersionId: string; filename?: string } }>(
      '/files/models/:modelVersionId/:filename?',
      asIs,
      async (request, reply) => {
        await verify(request.method, request.url)
        const { bytes, filename } = await openModelArchive(request.params.modelVersionId)
        reply.headers({
          ...safeToServe('application/zip', request.params.filename ?? filename),
          'cache-control': 'private, no-store',
        })
        return sendBytes(reply, bytes)
      },
    )
  })

  async function sendObject(request: FastifyRequest, reply: FastifyReply, object: DownloadableObject, expiresAt: Date) {
    const lastModified = new Date(object.lastModified)
    const answer = answerConditionally(request.method, request.headers, { ...object, lastModified })
    reply.code(answer.status).headers({
      'accept-ranges': 'bytes',
      etag: `"${object.etag}"`,
      'last-modified': lastModified.toUTCString(),
      // What an object's id names never changes; who keeps it may do so for as long as it could be fetched anew.
      'cache-control': `private, max-age=${Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000))}`,
    })
    if (answer.status === 304) return reply.send()
    if (answer.status === 412)
      throw new DhuoError('PRECONDITION_FAILED', 'The object is not the one that If-Match or If-Unmodified-Since asks for.')
    if (answer.status === 416) {
      reply.header('content-range', `bytes */${object.size}`)
      return reply.send({
        error: { code: 'BAD_USER_INPUT', message: `The object has ${object.size} bytes; the range starts beyond.` },
      })
    }
    const filename = (request.params as { filename?: string }).filename ?? object.key
    const isAsked = request.method === 'GET' && !repeatsConditions(request)
    const elsewhere = isAsked ? await storage.readUrl(object.location, { ...object, filename }) : null
    // A secret made for this one request. Clients repeat Range there.
    if (elsewhere !== null) return reply.header('cache-control', 'private, no-store').redirect(elsewhere, 307)
    const range = answer.status === 206 ? answer.range : { start: 0, end: object.size - 1 }
    reply.headers({
      ...safeToServe(object.contentType, filename),
      'content-length': range.end - range.start + 1,
      ...(answer.status === 206 && { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
    })
    if (request.method === 'HEAD') return reply.send()
    const path = await storage.localFile(object.location)
    if (path !== null) return sendLocalFile(request, reply, path, range)
    return sendBytes(reply, await storage.read(object.location, answer.status === 206 ? range : undefined))
  }

  async function sendLocalFile(request: FastifyRequest, reply: FastifyReply, path: string, range: ByteRange) {
    const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') throw notFound('This version of the object')
      throw new DhuoError('BACKEND_UNAVAILABLE', 'The object store cannot read its disk.', { cause })
    })
    reply.hijack()
    const response = reply.raw
    response.setTimeout(idleMs.download, () => response.destroy())
    response.writeHead(reply.statusCode, reply.getHeaders() as OutgoingHttpHeaders)
    try {
      await sendFile(response, file, range)
    } catch (err) {
      request.log.error({ err }, 'an object could not be read to its end')
    } finally {
      await file.close()
    }
  }

  function sendBytes(reply: FastifyReply, bytes: Readable): FastifyReply {
    reply.raw.setTimeout(idleMs.download, () => reply.raw.destroy())
    return reply.send(bytes)
  }
}

/** Stored bytes are anybody's: a browser saves them and runs none of them in this origin, whatever they say they are. */
const safeToServe = (contentType: string, filename: string) => ({
  'content-type': /^[\x20-\x7e]+$/.test(contentType) ? contentType : 'application/octet-stream',
  'content-disposition': attachmentNamed(filename),
  'content-security-policy': "sandbox; default-src 'none'",
})

/** Where a client is led to it sends its conditions too, and there they may be read in another way: an ETag without its quotes. */
const repeatsConditions = ({ headers }: FastifyRequest): boolean =>
  ['if-match', 'if-unmodified-since', 'if-range'].some((name) => name in headers)

function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('The client went away.'))
  })
  return controller.signal
}

function answerWithError(error: FastifyError | DhuoError, request: FastifyRequest, reply: FastifyReply): void {
  if (!request.raw.complete) discardRest(request)
  // What was said of a file is not true of this answer.
  for (const name of [
    'content-disposition',
    'content-length',
    'content-type',
    'content-range',
    'cache-control',
    'etag',
    'last-modified',
  ]) {
    reply.removeHeader(name)
  }
  const told = isDhuoError(error) ? (error as DhuoError) : maskedOf(error, request)
  if (told.cause !== undefined) request.log.warn({ code: told.code, err: told.cause }, told.message)
  const { code: _, ...facts } = told.extensions
  reply.code(httpStatusOf[told.code]).send({ error: { code: told.code, message: told.message, ...facts } })
}

function maskedOf(error: FastifyError | DhuoError, request: FastifyRequest): DhuoError {
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  if (status >= 400 && status < 500) return new DhuoError('BAD_USER_INPUT', error.message)
  request.log.error({ err: error }, 'a file request failed')
  return new DhuoError('INTERNAL_SERVER_ERROR', 'Internal server error', { details: { requestId: request.id } })
}

/** Closing a connection with unread bytes in it would reset it, and the client might never see the answer. */
function discardRest({ raw }: FastifyRequest): void {
  const timer = setTimeout(() => raw.socket.destroy(), lingerMs).unref()
  // Node does not emit `close` for a request that ends after its answer.
  for (const event of ['end', 'close']) raw.once(event, () => clearTimeout(timer))
  raw.resume()
}
