import { requireBucket } from '../access.js'
import type { Context } from '../context.js'
import type { BucketRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import { badInput, notFound } from '../errors.js'
import type { ObjectInput } from '../schema/object-input.js'

interface RequiredObjects {
  /** The list that they are. */
  field: string
  most: number
  /** Where one of them stands, when it is not an entry of the list itself. */
  placeIn?: (index: number) => string
  /** Without it, each stands there once. */
  mayRepeat?: boolean
}

/**
 * What is under several keys now, in the order of the inputs: all in buckets of one project. A statement for each bucket,
 * however many keys.
 * @throws BAD_USER_INPUT, NOT_FOUND naming the input at fault, for example `input.objects[2].key`
 */
export async function requireObjects(
  context: Context,
  projectId: string,
  inputs: readonly ObjectInput[],
  { field, most, placeIn = (index) => `${field}[${index}]`, mayRepeat = false }: RequiredObjects,
): Promise<StoredObjectRow[]> {
  if (inputs.length < 1 || inputs.length > most)
    throw badInput(field, `${field} must have 1 to ${most} entries; it has ${inputs.length}.`)
  const buckets = await Promise.all(
    inputs.map((input, index) => requireBucket(context, input.bucket, 'VIEWER', `${placeIn(index)}.bucket`)),
  )
  const places = new Set<string>()
  for (const [index, bucket] of buckets.entries()) {
    const { key } = inputs[index]!
    const place = placeOf(bucket.id, key)
    if (bucket.projectId !== projectId)
      throw badInput(`${placeIn(index)}.bucket`, `${placeIn(index)}.bucket must be a bucket of the same project.`)
    if (places.has(place) && !mayRepeat)
      throw badInput(`${placeIn(index)}.key`, `${placeIn(index)}.key: "${key}" is there twice.`)
    places.add(place)
  }
  const found = await currentObjects(context, buckets, inputs)
  return inputs.map(({ key }, index) => {
    const bucket = buckets[index]!
    const object = found.get(placeOf(bucket.id, key))
    if (!object) throw notFound(`The object "${key}" in ${bucket.name}`, `${placeIn(index)}.key`)
    return object
  })
}

const placeOf = (bucketId: string, key: string): string => `${bucketId} ${key}`

async function currentObjects(
  { datasources }: Context,
  buckets: readonly BucketRow[],
  inputs: readonly ObjectInput[],
): Promise<Map<string, StoredObjectRow>> {
  const objects = new Map<string, StoredObjectRow>()
  const keysOf = Map.groupBy(inputs.keys(), (index) => buckets[index]!.id)
  for (const [bucketId, indexes] of keysOf) {
    const keys = indexes.map((index) => inputs[index]!.key)
    for (const object of await datasources.catalog.storedObjects.currentByKeys(bucketId, keys))
      objects.set(placeOf(bucketId, object.key), object)
  }
  return objects
}
