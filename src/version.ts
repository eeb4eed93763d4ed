import { readFileSync } from 'node:fs'

/** Of the package, as `server { version }` and the start-up line say it. */
export const serverVersion: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
