/**
 * The header that makes a browser save a file under its name, in any language: RFC 6266 with the encoding of RFC 8187, and a
 * plain ASCII name for clients that do not know it. Paths are cut off, control characters left out.
 */
export function attachmentNamed(name: string): string {
  // Control characters could split the header, and U+202E and its like show `exe.txt` for `txt.exe`.
  const shown = (name.toWellFormed().split(/[/\\]/).at(-1) ?? '').replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
  const safe = shown === '' || shown === '.' || shown === '..' ? 'download' : shown
  const ascii = safe.replace(/[^\x20-\x7e]|["%\\]/gu, '_')
  const encoded = encodeURIComponent(safe).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
