// The enums of the schema, and the exceptions by code.
import { isEnumType, isIntrospectionType } from 'graphql'
import { describe, docstring, fromConstant, indent, moduleOf, paragraph, quoted } from './python-text.mjs'

export const enumsOf = (schema) =>
  Object.values(schema.getTypeMap())
    .filter((type) => isEnumType(type) && !isIntrospectionType(type))
    .sort((a, b) => (a.name < b.name ? -1 : 1))

export function enumsModule(schema) {
  const body = enumsOf(schema).map((type) => {
    const values = type.getValues().map((value) => {
      const text = describe(value)
      return `${value.name} = ${quoted(value.name)}${text && `\n${docstring(text)}`}`
    })
    return `class ${type.name}(OpenEnum):\n${indent(`${docstring(paragraph(describe(type)))}\n\n${values.join('\n')}`)}`
  })
  return moduleOf('The enums of the schema.', 'from .._codec import OpenEnum', body.join('\n\n\n'))
}

/** Built-in exceptions that these also are, so that ordinary `except` clauses catch them. */
const alsoKnownAs = {
  BAD_USER_INPUT: 'ValueError',
  NOT_FOUND: 'LookupError',
  TIMEOUT: 'TimeoutError',
  BACKEND_UNAVAILABLE: 'ConnectionError',
}
/** Where the obvious name is that of a built-in exception. */
const renamed = { TIMEOUT: 'ServerTimeoutError', INTERNAL_SERVER_ERROR: 'InternalServerError' }

export function errorsModule(schema) {
  const codes = schema.getType('ErrorCode').getValues()
  const nameOf = ({ name }) => renamed[name] ?? `${fromConstant(name)}Error`
  const classes = codes.map((code) => {
    const bases = ['ApiError', ...(alsoKnownAs[code.name] ? [alsoKnownAs[code.name]] : [])]
    return `class ${nameOf(code)}(${bases.join(', ')}):\n${indent(docstring(describe(code)))}\n\n    code = ${quoted(code.name)}`
  })
  const table = codes.map((code) => `    ${quoted(code.name)}: ${nameOf(code)},`)
  const body = `${classes.join('\n\n\n')}\n\n\nERRORS_BY_CODE: Dict[str, Type[ApiError]] = {\n${table.join('\n')}\n}`
  return moduleOf(
    'The errors of the server as exceptions, one for each code of its closed list.',
    'from typing import Dict, Type\n\nfrom .._api_error import ApiError',
    body,
  )
}
