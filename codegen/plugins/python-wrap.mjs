/** Breaks text at spaces into lines of `width` at most; lines after the first begin with `hanging`. */
export function wrap(text, width, hanging = '') {
  const lines = []
  let line = ''
  for (const word of text.split(' ')) {
    const room = width - (lines.length > 0 ? hanging.length : 0)
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines.map((each, index) => (index === 0 ? each : hanging + each)).join('\n')
}
