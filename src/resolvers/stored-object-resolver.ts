import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql'
import { requireBucket, requireRow, signedDownloadUrl, signedUrl } from '../access.js'
import type { Context } from '../context.js'
import type { BucketRow, DatasetRow, StoredObjectRow, UploadRow } from '../datasources/catalog/tables.js'
import type { TableFormat } from '../datasources/lakehouse/lakehouse.js'
import { partCountOf } from '../datasources/storage/upload-parts.js'
import { badInput, DhuoError } from '../errors.js'
import { abandonUpload } from '../operations/abandon-upload.js'
import { beginUpload } from '../operations/begin-upload.js'
import { begunUpload, completeUpload } from '../operations/complete-upload.js'
import { deleteObject } from '../operations/delete-object.js'
import { inTermsOf } from '../operations/in-terms-of.js'
import { formatOf, objectAsFile } from '../operations/object-table.js'
import { rowLimit, type TableResult, tableResult } from '../operations/table-result.js'
import { Bucket } from '../schema/bucket.js'
import { Dataset } from '../schema/dataset.js'
import { BigInteger, URLText } from '../schema/scalars.js'
import { CreateUploadInput, StoredObject, Upload, UploadPart } from '../schema/stored-object.js'
import { Table } from '../schema/table.js'
import { TableFormatEnum } from '../schema/table-format.js'

@Resolver(() => StoredObject)
export class StoredObjectResolver {
  @Mutation(() => Boolean, {
    description: 'Deletes what is under a key; true when something was. What refers to these bytes still reads them.',
  })
  async deleteObject(
    @Ctx() context: Context,
    @Arg('bucket', { description: "The bucket's name." }) bucketName: string,
    @Arg('key', { description: 'Exactly.' }) key: string,
  ): Promise<boolean> {
    const bucket = await requireBucket(context, bucketName, 'EDITOR')
    return deleteObject(context.datasources, bucket, key)
  }

  @FieldResolver(() => Bucket, { description: 'The bucket that it is in.' })
  bucket(@Root() object: StoredObjectRow, @Ctx() { loaders }: Context): Promise<BucketRow | null> {
    return loaders.bucket.load(object.bucketId)
  }

  @FieldResolver(() => URLText, {
    description:
      'Serves the bytes, with Range, for a while; it may redirect to the object store. It carries your permission: treat it as a secret.',
  })
  downloadUrl(
    @Root() object: StoredObjectRow,
    @Ctx() context: Context,
    @Arg('expiresIn', () => Int, { nullable: true, defaultValue: 900, description: 'Seconds: 1 to 86400.' }) expiresIn?:
      | number
      | null,
  ): string {
    const fileName = object.key.slice(object.key.lastIndexOf('/') + 1)
    return signedDownloadUrl(context, `/files/objects/${object.id}/${encodeURIComponent(fileName)}`, expiresIn ?? 900)
  }

  @FieldResolver(() => Table, {
    description: 'Reads it as a table: CSV, NDJSON, JSON, Parquet or Arrow, by its extension or by `format`.',
  })
  async table(
    @Root() object: StoredObjectRow,
    @Ctx() context: Context,
    @Arg('format', () => TableFormatEnum, {
      nullable: true,
      description: 'How to read it; without it, by the extension of the key.',
    })
    given?: TableFormat | null,
    @Arg('limit', () => Int, { nullable: true, defaultValue: 1000, description: 'Rows at most: 0 to `Limits.tableRows`.' })
    limit?: number | null,
    @Arg('offset', () => BigInteger, { nullable: true, defaultValue: 0, description: 'Rows to pass over first.' }) offset?:
      | number
      | string
      | null,
  ): Promise<TableResult> {
    const page = { limit: rowLimit(limit, 1000, context.config.sql.maxRows), offset: Number(offset ?? 0) }
    if (page.offset < 0 || !Number.isSafeInteger(page.offset)) throw badInput('offset', 'offset must be between 0 and 2^53.')
    const format = formatOf(object.key, given)
    const file = await objectAsFile(context.datasources, object, format)
    const result = await inTermsOf({ file: 'format' }, context.datasources.lakehouse.readFile(file, page, context.signal))
    return tableResult(result, object.projectId, { objectId: object.id, format })
  }

  @FieldResolver(() => Dataset, { nullable: true, description: 'The newest dataset that was last loaded from it.' })
  dataset(@Root() object: StoredObjectRow, @Ctx() { loaders }: Context): Promise<DatasetRow | null> {
    return loaders.datasetOfObject.load(object.id)
  }
}

@Resolver(() => Upload)
export class UploadResolver {
  @Mutation(() => Upload, {
    description: 'Announces the bytes of an object and gives URLs to send them to. Nothing exists before `completeUpload`.',
  })
  async createUpload(
    @Ctx() context: Context,
    @Arg('input', { description: 'Where the bytes go, and how many there are.' }) input: CreateUploadInput,
  ): Promise<UploadRow> {
    const bucket = await requireBucket(context, input.bucket, 'EDITOR', 'input.bucket')
    const { key, contentType = null, sha256 = null } = input
    const announced = { bucket, key, size: Number(input.size), contentType, sha256, createdBy: context.viewer!.user.id }
    return beginUpload(context.datasources, announced, context.config.upload)
  }

  @Mutation(() => StoredObject, {
    description:
      'After every part was sent: checks size and SHA-256, and then the object exists, whole, and takes the place of what was under its key. Calling it again gives the same object. PRECONDITION_FAILED: parts are missing (`extensions.missingParts`), the bytes are others than promised, or it has expired.',
  })
  async completeUpload(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the upload.' }) id: string,
    @Arg('sha256', () => String, {
      nullable: true,
      description: 'SHA-256 in hex, for whoever did not know it before the bytes were sent. The bytes must agree with it.',
    })
    sha256?: string | null,
  ): Promise<StoredObjectRow> {
    const upload = await requireUpload(context, id)
    const told = sha256 ?? null
    return inTermsOf({ sha256: told === null ? 'id' : 'sha256' }, completeUpload(context.datasources, upload, told))
  }

  @Mutation(() => Boolean, {
    description:
      'Throws away what was sent of an upload. False when it was abandoned or has expired already. PRECONDITION_FAILED: it was completed.',
  })
  async abandonUpload(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the upload.' }) id: string,
  ): Promise<boolean> {
    const upload = await requireUpload(context, id)
    const abandoned = await abandonUpload(context.datasources, upload)
    if (!abandoned && (await context.datasources.catalog.uploads.find(id))?.objectId)
      throw new DhuoError('PRECONDITION_FAILED', 'The upload was completed: delete the object instead.', { field: 'id' })
    return abandoned
  }

  @FieldResolver(() => [UploadPart])
  async parts(@Root() upload: UploadRow, @Ctx() context: Context): Promise<UploadPart[]> {
    const secondsLeft = (Date.parse(upload.expiresAt) - Date.now()) / 1_000
    const begun = begunUpload(upload, (await context.loaders.bucket.load(upload.bucketId))!.name)
    return Array.from({ length: partCountOf(upload) }, (_, index) => {
      const number = index + 1
      const target = context.datasources.storage.partTarget(begun, number)
      const headers = { 'Content-Type': 'application/octet-stream', ...target?.headers }
      return {
        number,
        method: 'PUT',
        url: target?.url ?? signedUrl(context, 'PUT', `/files/uploads/${upload.id}/${number}`, secondsLeft),
        headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
      }
    })
  }
}

const requireUpload = async (context: Context, id: string): Promise<UploadRow> =>
  requireRow(context, await context.datasources.catalog.uploads.find(id), 'EDITOR', 'The upload', 'id')
