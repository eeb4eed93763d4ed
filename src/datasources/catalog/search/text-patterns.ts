// Translates the patterns of LIKE and ILIKE, which have no escape, for databases whose own LIKE differs.

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

function bothCases(character: string): string {
  const cases = [...new Set([character, character.toLowerCase(), character.toUpperCase()])]
  const single = cases.filter((each) => [...each].length === 1)
  return single.length === 1 ? character : `[${single.join('')}]`
}

/** What every match of a LIKE begins with: an index can look for it. */
export const literalPrefix = (pattern: string): string => /^[^%_]*/.exec(pattern)![0]
