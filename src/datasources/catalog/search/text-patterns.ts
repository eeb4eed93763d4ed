// Translates the patterns of LIKE and ILIKE, which have no escape, for databases whose own LIKE or ILIKE differs.

/**
 * For SQLite, whose LIKE knows no upper from lower case, but whose GLOB does. To GLOB a class of both cases is ILIKE, for all
 * letters that have one character in each case.
 */
export function globOf(pattern: string, ignoreCase: boolean): string {
  let glob = ''
  for (const character of pattern) {
    if (character === '%') glob += '*'
    else if (character === '_') glob += '?'
    else if ('*?['.includes(character)) glob += `[${character}]`
    else glob += ignoreCase ? bothCases(character) : character
  }
  return glob
}

/**
 * ILIKE for PostgreSQL: its own one knows the letters that the locale of the database knows, or of the column, and those of the
 * collation "C" are ASCII's. https://www.postgresql.org/docs/current/functions-matching.html#POSIX-SYNTAX-DETAILS
 */
export function regularExpressionOf(pattern: string): string {
  let expression = ''
  for (const character of pattern) {
    if (character === '%') expression += '.*'
    else if (character === '_') expression += '.'
    else expression += /[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : bothCases(character)
  }
  return `^${expression}$`
}

function bothCases(character: string): string {
  const cases = [...new Set([character, character.toLowerCase(), character.toUpperCase()])]
  const single = cases.filter((each) => [...each].length === 1)
  return single.length === 1 ? character : `[${single.join('')}]`
}

/** What every match of a LIKE begins with: an index can look for it. */
export const literalPrefix = (pattern: string): string => /^[^%_]*/.exec(pattern)![0]
