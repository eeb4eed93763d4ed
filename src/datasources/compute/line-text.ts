// Makes lines harmless to show and to store: valid Unicode, of a bounded length, without what steers a terminal.

/** Colours and cursor movements of terminals, titles of their windows. https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const terminalSequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const anyControl = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/

/** Characters (UTF-16 units) of one line, without the mark of a cut. */
export const longestLine = 8_192

/** Room for the mark of a cut that somebody else made. */
const markRoom = 100

/**
 * Control characters become their pictures (U+2400 …), sequences for terminals go, halves of surrogate pairs become U+FFFD. What
 * is longer than `maxLength` is cut, and the cut marked; a line that was cut at this length before stays as it is.
 */
export function harmlessLine(line: string, maxLength: number): string {
  let shown = line
  if (shown.length > maxLength && !(shown.length <= maxLength + markRoom && / … \[cut: [^\]]*\]$/.test(shown))) {
    // Half of a surrogate pair is no Unicode.
    const end = /[\ud800-\udbff]/.test(shown[maxLength - 1]!) ? maxLength - 1 : maxLength
    shown = `${shown.slice(0, end)} … [cut: the line is longer than ${maxLength} characters]`
  }
  if (anyControl.test(shown))
    shown = shown
      .replace(terminalSequences, '')
      .replace(controls, (control) =>
        control < ' ' ? String.fromCharCode(0x2400 + control.charCodeAt(0)) : control === '\x7f' ? '␡' : '\ufffd',
      )
  return shown.toWellFormed()
}
