// The documents, and a client with one method for each, once for threads and once for asyncio.
import {
  getNamedType,
  isInputObjectType,
  isRequiredArgument,
  isRequiredInputField,
  print,
  stripIgnoredCharacters,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { enumsOf } from './python-enums.mjs'
import { describeDefault, inputsOf, orderedFields } from './python-inputs.mjs'
import {
  constantCase,
  describe,
  docstring,
  importFrom,
  indent,
  moduleOf,
  paragraph,
  quoted,
  section,
  snakeCase,
} from './python-text.mjs'
import { inputType, readExpression, readFunction } from './python-types.mjs'

/** Names of the fragments that a definition needs, those of its fragments too. */
function fragmentsOf(definition, fragments, found = new Set()) {
  visit(definition, {
    FragmentSpread: ({ name }) => {
      if (found.has(name.value)) return
      found.add(name.value)
      fragmentsOf(fragments.get(name.value), fragments, found)
    },
  })
  return found
}

const compact = (node) => stripIgnoredCharacters(print(node))
const literal = (text) => (text.includes("'") ? quoted(text) : `'${text.replaceAll('\\', '\\\\')}'`)

export function documentsModule(operations, fragments) {
  const used = new Set(operations.flatMap((operation) => [...fragmentsOf(operation, fragments)]))
  const texts = [...fragments]
    .filter(([name]) => used.has(name))
    .map(([name, fragment]) => `_${constantCase(name)} = ${literal(compact(fragment))}`)
  const constants = operations.map((operation) => {
    const parts = [literal(compact(operation)), ...[...fragmentsOf(operation, fragments)].map((name) => `_${constantCase(name)}`)]
    const [root] = operation.selectionSet.selections
    const { value: name } = operation.name
    return `${constantCase(name)} = Operation(\n    ${quoted(name)},\n    ${quoted(operation.operation)},\n    ${quoted(root.name.value)},\n    ${parts.join(' + ')},\n)`
  })
  return moduleOf(
    'The documents that the client sends.',
    'from .._codec import Operation',
    `${texts.join('\n')}\n\n${constants.join('\n')}`,
  )
}

/** The argument or field that each variable of an operation stands for, where the schema says what it means. */
function meaningsOf(schema, operation) {
  const meanings = new Map()
  const typeInfo = new TypeInfo(schema)
  visit(
    operation,
    visitWithTypeInfo(typeInfo, {
      Variable: ({ name }) => {
        const argument = typeInfo.getArgument()
        if (argument && !meanings.has(name.value)) meanings.set(name.value, argument)
      },
    }),
  )
  return meanings
}

/**
 * `{ name, annotation, isRequired, text }` for each parameter, and the expression of the variables. An operation whose only
 * variable is an input takes that input's fields.
 */
function parametersOf(schema, operation) {
  const definitions = operation.variableDefinitions ?? []
  const types = definitions.map((definition) => typeFromAST(schema, definition.type))
  if (definitions.length === 1 && isInputObjectType(getNamedType(types[0])) && definitions[0].variable.name.value === 'input') {
    const fields = orderedFields(getNamedType(types[0]))
    return {
      parameters: fields.map((field) => ({
        name: snakeCase(field.name),
        annotation: inputType(field.type, !isRequiredInputField(field)),
        isRequired: isRequiredInputField(field),
        text: `${describe(field)}${describeDefault(field)}`,
      })),
      variables: `{"input": {${fields.map(({ name }) => `${quoted(name)}: ${snakeCase(name)}`).join(', ')}}}`,
      isFlattened: true,
    }
  }
  const meanings = meaningsOf(schema, operation)
  const parameters = definitions.map((definition, index) => {
    const { value } = definition.variable.name
    const isRequired = isRequiredArgument({ type: types[index], defaultValue: undefined })
    const meaning = meanings.get(value)
    return {
      name: snakeCase(value),
      graphql: value,
      annotation: inputType(types[index], !isRequired),
      isRequired,
      text: meaning ? `${describe(meaning)}${describeDefault(meaning)}` : '',
    }
  })
  return {
    parameters: [...parameters.filter(({ isRequired }) => isRequired), ...parameters.filter(({ isRequired }) => !isRequired)],
    variables: `{${parameters.map(({ name, graphql }) => `${quoted(graphql)}: ${name}`).join(', ')}}`,
    isFlattened: false,
  }
}

/** A subscription that can be taken up again: its field has an argument `after`, and its events a `sequence`. */
const isResumable = (field, result, operation) =>
  field.args.some(({ name }) => name === 'after') && print(operation).includes('$after') && result.annotation !== 'Any'

function methodOf(schema, operation, result, comment, isAsync) {
  const { value } = operation.name
  const root = operation.selectionSet.selections[0].name.value
  const rootType = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  }
  const field = rootType[operation.operation].getFields()[root]
  const { parameters, variables, isFlattened } = parametersOf(schema, operation)
  const declared = parameters.map(({ name, annotation, isRequired }) => `${name}: ${annotation}${isRequired ? '' : ' = UNSET'}`)
  // By position only what must be given, and never the fields of an input: its order is nobody's promise.
  const positional = isFlattened ? 0 : parameters.filter(({ isRequired }) => isRequired).length
  const list = [
    'self',
    ...declared.slice(0, positional),
    ...(declared.length > positional ? ['*', ...declared.slice(positional)] : []),
  ]
  const about = [describe(field), comment].filter(Boolean)
  const isSubscription = operation.operation === 'subscription'
  const raises = isSubscription
    ? [
        ['ApiError', 'the server refuses it; its subclasses are named after the codes.'],
        ['StreamInterrupted', 'the connection was lost and cannot be taken up without a gap.'],
      ]
    : [
        ['ApiError', 'the server refuses it; its subclasses are named after the codes.'],
        ['TransportError', 'no answer came.'],
      ]
  const text = `${about.map((each) => paragraph(each, 100)).join('\n\n')}${section(
    'Args',
    parameters.map(({ name, text }) => [name, text || '…']),
  )}${section('Raises', raises)}`
  const constant = `documents.${constantCase(value)}`
  const head = (keyword, returned) => {
    const line = `${keyword} ${snakeCase(value)}(${list.join(', ')}) -> ${returned}:`
    return line.length <= 110 ? line : `${keyword} ${snakeCase(value)}(\n${indent(list.join(',\n'))},\n) -> ${returned}:`
  }
  if (isSubscription) {
    const iterator = isAsync ? 'AsyncIterator' : 'Iterator'
    const resumes = isResumable(field, result, operation)
    const reader = qualified(readFunction(result.read ?? 'as_is'))
    const body = `return self._subscribe(${constant}, ${variables}, ${reader}, resumes=${resumes ? 'True' : 'False'})`
    return `${head('def', `${iterator}[${qualified(result.annotation)}]`)}\n${indent(`${docstring(text)}\n${body}`)}`
  }
  const awaited = isAsync ? 'await ' : ''
  const call = `data = ${awaited}self._execute(${constant}, ${variables})`
  const returned = result.read === null ? 'return data' : `return ${qualified(readExpression(result.read, 'data'))}`
  const cast = result.read === null ? call.replace('data =', `data: ${qualified(result.annotation)} =`) : call
  return `${head(isAsync ? 'async def' : 'def', qualified(result.annotation))}\n${indent(`${docstring(text)}\n${cast}\n${returned}`)}`
}

const builtIn = new Set([
  'Optional',
  'List',
  'Any',
  'Union',
  'str',
  'int',
  'float',
  'bool',
  'datetime',
  'optional',
  'optional_list',
  'parse_datetime',
  'data',
  'item',
  'lambda',
  'as_is',
  'for',
  'in',
  'None',
])
/** Classes of results live in a module of their own. */
const qualified = (text) => text.replaceAll(/(?<![.\w])[A-Za-z_]\w*/g, (word) => (builtIn.has(word) ? word : `results.${word}`))

/**
 * The methods of all operations: for threads, or for asyncio in a module of its own, which costs only those who use it.
 * @param comments what stands above an operation in its file, by name
 */
export function clientModule(schema, operations, results, comments, isAsync) {
  const methods = operations
    .map((operation) =>
      methodOf(schema, operation, results.get(operation.name.value), comments.get(operation.name.value), isAsync),
    )
    .join('\n\n')
  const words = new Set(methods.match(/\b\w+\b/g))
  const names = (types) => types.map(({ name }) => name).filter((name) => words.has(name))
  const [name, about] = isAsync
    ? ['AsyncOperations', 'Every operation, for asyncio.']
    : ['Operations', 'Every operation, for threads: a method returns when the answer is there.']
  return moduleOf(
    'One method for each operation.',
    `from datetime import datetime
from typing import Any, ${isAsync ? 'AsyncIterator' : 'Iterator'}, List, Mapping, Optional, Sequence, Union

from .._codec import UNSET, Maybe, Unset, as_is, optional, optional_list, parse_datetime
from .._operations_base import ${name}Base
from . import documents, results
${importFrom('.enums', names(enumsOf(schema)))}
${importFrom('.inputs', names(inputsOf(schema)))}`,
    `class ${name}(${name}Base):\n${indent(`${docstring(about)}\n\n${methods}`)}`,
  )
}
