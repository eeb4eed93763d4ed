// Gives the comparisons of a filter their meaning: which field, and a value of its type.
import { instantOf, isoAtLeast, isoAtMost } from './iso-bounds.js'
import { searchError } from './search-error.js'
import { excerpt } from './search-lexer.js'
import { type Comparison, type Literal, type Operator, parseFilter } from './search-parser.js'
import { type Condition, type Field, fieldOf, type SearchSubject } from './search-subject.js'

const texts: readonly Operator[] = ['=', '!=', 'LIKE', 'ILIKE']
const lists: readonly Operator[] = ['IN', 'NOT IN']
const numbers: readonly Operator[] = ['=', '!=', '<', '<=', '>', '>=']
const nulls: readonly Operator[] = ['IS NULL', 'IS NOT NULL']

/** @throws BAD_USER_INPUT with MLflow's words and the position of what is wrong */
export const conditionsOf = (subject: SearchSubject, filter: string | null): Condition[] =>
  parseFilter(filter).map((comparison) => conditionOf(subject, comparison))

function conditionOf(subject: SearchSubject, comparison: Comparison): Condition {
  const { identifier, literal, operator } = comparison
  const field = fieldOf(subject, identifier, (message) => searchError('filter', message, identifier.index))
  switch (field.of) {
    case 'log':
      if (field.log === 'metric') {
        checkOperator(comparison, 'metric', [...numbers, ...nulls])
        if (literal.kind !== 'number' && literal.kind !== 'null') throw notNumeric('metric', literal)
        return { field, operator, value: literal.value }
      }
      return textCondition(field, comparison, field.log === 'param' ? 'parameter' : 'tag', [...texts, ...nulls])
    case 'column':
      if (field.type === 'time') return timeCondition(field, comparison)
      return textCondition(field, comparison, 'attribute', [...texts, ...(field.lists ? lists : []), ...nulls])
    case 'user':
      return textCondition(field, comparison, 'attribute', [...texts, ...nulls])
    case 'dataset':
      return textCondition(field, comparison, 'dataset', [...texts, ...lists])
  }
}

function textCondition(field: Field, comparison: Comparison, what: string, allowed: readonly Operator[]): Condition {
  const { literal, operator } = comparison
  if (literal.kind === 'word') {
    const start = what === 'parameter' ? 'Parameter value' : `${what[0]!.toUpperCase()}${what.slice(1)} value`
    throw searchError(
      'filter',
      `${start} is either not quoted or unidentified quote types used for string value ${literal.text.slice(0, 60).toWellFormed()}. Use either single or double quotes.`,
      literal.index,
    )
  }
  const wantsList = lists.includes(operator) && allowed.includes(operator)
  if (literal.kind === 'number' || (literal.kind === 'list') !== wantsList)
    if (literal.kind !== 'null')
      throw searchError(
        'filter',
        wantsList
          ? `Expected a list of quoted strings for ${what} (e.g. ('a', 'b')). Got value ${literal.text.slice(0, 60).toWellFormed()}`
          : `Expected a quoted string value for ${what} (e.g. 'my-value'). Got value ${literal.text.slice(0, 60).toWellFormed()}`,
        literal.index,
      )
  checkOperator(comparison, what, allowed)
  return { field, operator, value: literal.value }
}

/** Milliseconds since 1970 in the filter, ISO text in the rows. */
function timeCondition(field: Field, comparison: Comparison): Condition {
  const { literal, operator } = comparison
  checkOperator(comparison, 'attribute', [...numbers, ...nulls])
  if (literal.kind === 'null') return { field, operator, value: null }
  const instant = literal.kind === 'number' ? literal.value : literal.kind === 'string' ? instantOf(literal.value) : null
  if (instant === null)
    throw searchError(
      'filter',
      `Expected numeric value type for numeric attribute: ${comparison.identifier.text}. Found ${literal.text.slice(0, 60).toWellFormed()}. Times are milliseconds since 1970, or quoted ISO 8601 with a time zone.`,
      literal.index,
    )
  return { field, operator, value: operator === '>' || operator === '<=' ? isoAtMost(instant) : isoAtLeast(instant, operator) }
}

function checkOperator({ operator, operatorIndex }: Comparison, what: string, allowed: readonly Operator[]): void {
  if (!allowed.includes(operator))
    throw searchError(
      'filter',
      `Operator '${operator}' is not valid for this ${what}. Expected one of ${allowed.join(', ')}.`,
      operatorIndex,
    )
}

const notNumeric = (what: string, literal: Literal): Error =>
  searchError('filter', `Expected numeric value type for ${what}. Found ${excerpt(literal.text).slice(1, -1)}`, literal.index)
