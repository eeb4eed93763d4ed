// Input types as dataclasses with keyword arguments.
import { getNamedType, isInputObjectType, isRequiredInputField } from 'graphql'
import { enumsOf } from './python-enums.mjs'
import { describe, docstring, importFrom, indent, moduleOf, paragraph, quoted, snakeCase } from './python-text.mjs'
import { inputType } from './python-types.mjs'

export const inputsOf = (schema) =>
  Object.values(schema.getTypeMap())
    .filter(isInputObjectType)
    .sort((a, b) => (a.name < b.name ? -1 : 1))

/** Fields in the order of Python's parameters: what must be given comes first. */
export const orderedFields = (type) => {
  const fields = Object.values(type.getFields())
  return [...fields.filter(isRequiredInputField), ...fields.filter((field) => !isRequiredInputField(field))]
}

/** What is written in the documentation of an argument that need not be given. */
export const describeDefault = ({ defaultValue, astNode }) =>
  defaultValue === undefined || defaultValue === null
    ? ''
    : ` Default: ${astNode?.defaultValue ? literal(astNode.defaultValue) : JSON.stringify(defaultValue)}.`

const literal = (node) =>
  node.kind === 'ListValue'
    ? `[${node.values.map(literal).join(', ')}]`
    : node.kind === 'StringValue'
      ? quoted(node.value)
      : String(node.value)

export function inputsModule(schema) {
  const inputs = inputsOf(schema)
  const used = new Set(inputs.flatMap((type) => Object.values(type.getFields()).map((field) => getNamedType(field.type).name)))
  const enums = enumsOf(schema).filter(({ name }) => used.has(name))
  const classes = inputs.map((type) => {
    const fields = orderedFields(type).map((field) => {
      const isRequired = isRequiredInputField(field)
      const text = `${describe(field)}${describeDefault(field)}`.trim()
      const annotated = `${snakeCase(field.name)}: ${inputType(field.type, !isRequired)}${isRequired ? '' : ' = UNSET'}`
      return text ? `${annotated}\n${docstring(paragraph(text, 110))}` : annotated
    })
    const renamed = Object.keys(type.getFields()).filter((name) => snakeCase(name) !== name)
    const names = renamed.map((name) => `${quoted(snakeCase(name))}: ${quoted(name)}`).join(', ')
    const body = `${docstring(paragraph(describe(type)))}\n\n_names: ClassVar[Mapping[str, str]] = {${names}}\n\n${fields.join('\n')}`
    return `@dataclass(eq=False, repr=False)\nclass ${type.name}(Input):\n${indent(body)}`
  })
  return moduleOf(
    'The input types of the schema. Fields that are not given are not sent; None is sent as null.',
    `from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Mapping, Optional, Sequence, Union

from .._codec import UNSET, Input, Maybe, Unset
${importFrom(
  '.enums',
  enums.map(({ name }) => name),
)}`,
    classes.join('\n\n\n'),
  )
}
