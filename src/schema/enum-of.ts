import { registerEnumType } from 'type-graphql'

/**
 * Registers an enum whose values a lower layer lists as texts.
 * @param descriptions one for each value, written for the reader of the schema
 */
export function enumOf<Value extends string>(
  name: string,
  description: string,
  descriptions: Readonly<Record<Value, string>>,
): Record<Value, Value> {
  const values = Object.keys(descriptions) as Value[]
  const enumObject = Object.fromEntries(values.map((value) => [value, value])) as Record<Value, Value>
  registerEnumType(enumObject, {
    name,
    description,
    valuesConfig: Object.fromEntries(values.map((value) => [value, { description: descriptions[value] }])) as never,
  })
  return enumObject
}
