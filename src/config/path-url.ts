import { resolve } from 'node:path'

/** The path of a URL `<scheme>:<path>`, made absolute; `fallback`, below `home`, where there is none. */
export const pathIn = (url: string | undefined, home: string, fallback: string): string =>
  resolve(url === undefined ? resolve(home, fallback) : url.slice(url.indexOf(':') + 1))
