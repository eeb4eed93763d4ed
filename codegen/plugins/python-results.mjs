// What answers hold, as dataclasses: one for each fragment and for each selection of an operation.
import { isAbstractType, isObjectType, isUnionType, Kind } from 'graphql'
import { enumsOf } from './python-enums.mjs'
import { describe, docstring, importFrom, indent, moduleOf, paragraph, pascalCase, quoted, snakeCase } from './python-text.mjs'
import { outputType, readExpression } from './python-types.mjs'

/**
 * Classes of the selections of all documents. A selection that is one fragment and no more is the fragment's class; one that
 * has a fragment and more inherits from it, so that what takes the one takes the other.
 */
export class Results {
  #schema
  #fragments
  /** Text by name, in the order in which Python needs them: what is used comes first. */
  #written = new Map()

  /** @param fragments definitions, by name */
  constructor(schema, fragments) {
    this.#schema = schema
    this.#fragments = fragments
  }

  /** @returns `{ annotation, read }` of the one root field of an operation. Its classes are written. */
  ofOperation(operation) {
    const rootType = { query: 'getQueryType', mutation: 'getMutationType', subscription: 'getSubscriptionType' }[
      operation.operation
    ]
    const [field] = operation.selectionSet.selections
    if (operation.selectionSet.selections.length !== 1 || field.kind !== Kind.FIELD)
      throw new Error(`${operation.name.value} must ask for one root field: a method returns what is in it.`)
    const { type } = this.#schema[rootType]().getFields()[field.name.value]
    return outputType(type, (named) =>
      this.#classOf(named, [field.selectionSet], `${operation.name.value}${pascalCase(field.name.value)}`),
    )
  }

  module() {
    const text = [...this.#written.values()].join('\n\n\n')
    const enums = enumsOf(this.#schema).filter(({ name }) => new RegExp(`\\b${name}\\b`).test(text))
    return moduleOf(
      'What answers hold. A field is named as in GraphQL, in snake_case.',
      `from dataclasses import dataclass
from datetime import datetime
from typing import Any, List, Mapping, Optional, Union

from .._codec import OtherType, Record, optional, optional_list, parse_datetime
${importFrom(
  '.enums',
  enums.map(({ name }) => name),
)}`,
      text,
    )
  }

  /** @returns `[annotation, reader]` */
  #classOf(type, selectionSets, name) {
    const selections = selectionSets.flatMap((set) => set.selections)
    const spreads = selections.filter(({ kind, name: field }) => !(kind === Kind.FIELD && field.value === '__typename'))
    const first = spreads[0]
    if (
      spreads.length > 0 &&
      spreads.every((each) => each.kind === Kind.FRAGMENT_SPREAD && each.name.value === first.name.value)
    ) {
      const fragment = this.#fragments.get(first.name.value)
      if (fragment.typeCondition.name.value === type.name) return this.#ofFragment(fragment, type)
    }
    return isAbstractType(type) ? this.#writeUnion(type, selectionSets, name) : this.#writeClass(type, selectionSets, name)
  }

  #ofFragment(fragment, type) {
    const name = fragment.name.value
    if (this.#written.has(name)) return isAbstractType(type) ? [name, readerOf(name)] : [name, `${name}._read`]
    return isAbstractType(type)
      ? this.#writeUnion(type, [fragment.selectionSet], name)
      : this.#writeClass(type, [fragment.selectionSet], name)
  }

  #writeUnion(type, selectionSets, name) {
    const asked = new Set()
    const note = (set) => {
      for (const selection of set.selections)
        if (selection.kind === Kind.INLINE_FRAGMENT && selection.typeCondition) asked.add(selection.typeCondition.name.value)
        else if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const fragment = this.#fragments.get(selection.name.value)
          if (fragment.typeCondition.name.value === type.name) note(fragment.selectionSet)
          else asked.add(fragment.typeCondition.name.value)
        }
    }
    for (const set of selectionSets) note(set)
    const members = this.#schema.getPossibleTypes(type).filter((possible) => asked.has(possible.name))
    const classes = members.map((member) => [member.name, this.#writeClass(member, selectionSets, `${name}${member.name}`)[0]])
    if (!selectionSets.some((set) => this.#asksTypename(set)))
      throw new Error(`${name} must ask for __typename: which of several types came cannot be told otherwise.`)
    const alias = `${name} = Union[${[...classes.map(([, each]) => each), 'OtherType'].join(', ')}]`
    const table = classes.map(([member, each]) => `        ${quoted(member)}: ${each},`)
    const reader = `def ${readerOf(name)}(data: Mapping[str, Any]) -> ${name}:
    kinds: Mapping[str, Any] = {\n${table.join('\n')}\n    }
    read: ${name} = kinds.get(data["__typename"], OtherType)._read(data)
    return read`
    this.#written.set(name, `${alias}\n${docstring(paragraph(describe(type)))}\n\n\n${reader}`)
    return [name, readerOf(name)]
  }

  #asksTypename(set) {
    return set.selections.some(
      (selection) =>
        (selection.kind === Kind.FIELD && selection.name.value === '__typename') ||
        (selection.kind === Kind.FRAGMENT_SPREAD && this.#asksTypename(this.#fragments.get(selection.name.value).selectionSet)),
    )
  }

  #writeClass(type, selectionSets, name) {
    const { bases, own } = this.#collect(type, selectionSets)
    const fieldsOfBases = new Map(bases.flatMap((base) => [...this.#allFields(type, [base.selectionSet])]))
    // What a base selects in a field that is also selected here belongs to the same value.
    for (const [response, nodes] of own) {
      const inherited = fieldsOfBases.get(response)
      if (inherited) nodes.unshift(...inherited)
    }
    const describeFields = (fields) =>
      [...fields].map(([response, nodes]) => {
        const field = type.getFields()[nodes[0].name.value]
        const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
        const { annotation, read } = outputType(field.type, (named) =>
          this.#classOf(named, sets, `${name}${pascalCase(response)}`),
        )
        const isConditional = nodes.every(({ directives }) =>
          directives?.some((each) => ['skip', 'include'].includes(each.name.value)),
        )
        if (isConditional) throw new Error(`${name}.${response} may be skipped: the Python client has no way to say so.`)
        return { response, annotation, read, text: describe(field) }
      })
    const baseClasses = bases.map((base) => this.#ofFragment(base, type)[0])
    const ownFields = describeFields(own)
    // The reader sets inherited fields too; theirs are classes of the base, unless they are selected again here.
    const inherited = [...fieldsOfBases].filter(([response]) => !own.has(response))
    const ownersOf = (response) => bases.find((base) => this.#allFields(type, [base.selectionSet]).has(response)).name.value
    const inheritedFields = inherited.map(([response]) => this.#readOf.get(`${ownersOf(response)}.${response}`))
    const every = [...inheritedFields, ...ownFields]
    for (const field of every) this.#readOf.set(`${name}.${field.response}`, field)

    const duplicate = every.map(({ response }) => snakeCase(response)).find((each, index, all) => all.indexOf(each) !== index)
    if (duplicate) throw new Error(`Two fields of ${name} would be called ${duplicate}.`)
    const fields = ownFields.map(({ response, annotation, text }) =>
      [`${snakeCase(response)}: ${annotation}`, ...(text ? [docstring(paragraph(text, 110))] : [])].join('\n'),
    )
    const reads = every.map(
      ({ response, read }) => `    ${snakeCase(response)}=${readExpression(read, `data[${quoted(response)}]`)},`,
    )
    const reader = `@classmethod\ndef _read(cls, data: Mapping[str, Any]) -> ${name}:\n    return cls(\n${indent(reads.join('\n'))}\n    )`
    const body = [docstring(paragraph(describe(type))), ...(fields.length > 0 ? [fields.join('\n')] : []), reader].join('\n\n')
    this.#written.set(
      name,
      `@dataclass(eq=False, repr=False)\nclass ${name}(${baseClasses.length > 0 ? baseClasses.join(', ') : 'Record'}):\n${indent(body)}`,
    )
    return [name, `${name}._read`]
  }
  #readOf = new Map()

  /** Fragments on the type itself, and the other fields by the name they have in the answer. */
  #collect(type, selectionSets) {
    const bases = new Map()
    const own = new Map()
    const add = (set) => {
      for (const selection of set.selections) {
        if (selection.kind === Kind.FIELD) {
          if (selection.name.value === '__typename') continue
          const response = (selection.alias ?? selection.name).value
          own.set(response, [...(own.get(response) ?? []), selection])
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          if (this.#appliesTo(selection.typeCondition, type)) add(selection.selectionSet)
        } else {
          const fragment = this.#fragments.get(selection.name.value)
          if (fragment.typeCondition.name.value === type.name) bases.set(fragment.name.value, fragment)
          else if (this.#appliesTo(fragment.typeCondition, type)) add(fragment.selectionSet)
        }
      }
    }
    for (const set of selectionSets) add(set)
    return { bases: [...bases.values()], own }
  }

  /** Every field, those of fragments too. */
  #allFields(type, selectionSets) {
    const { bases, own } = this.#collect(type, selectionSets)
    const all = new Map(bases.flatMap((base) => [...this.#allFields(type, [base.selectionSet])]))
    for (const [response, nodes] of own) all.set(response, [...(all.get(response) ?? []), ...nodes])
    return all
  }

  #appliesTo(condition, type) {
    if (!condition) return true
    const wanted = this.#schema.getType(condition.name.value)
    return (
      wanted === type ||
      (!isObjectType(wanted) && (isUnionType(wanted) || isAbstractType(wanted)) && this.#schema.isSubType(wanted, type))
    )
  }
}

const readerOf = (name) => `_read_${snakeCase(name)}`
