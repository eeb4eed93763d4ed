import { resolve } from 'node:path'
import { z } from 'zod'

/** `<scheme>:<path>`. The message repeats no value: somebody's URL may hold a password. */
export const pathUrl = (scheme: string) =>
  z
    .string()
    .regex(new RegExp(`^${scheme}:.`, 's'), `must be ${scheme}:<path>`)
    .optional()

/** The path in it, made absolute; `fallback`, below `home`, where there is none. */
export const pathIn = (url: string | undefined, home: string, fallback: string): string =>
  resolve(url === undefined ? resolve(home, fallback) : url.slice(url.indexOf(':') + 1))
