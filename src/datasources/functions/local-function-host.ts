// The Python program around a handler, which the image for OCI Functions has too.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** It is no TypeScript, so it stands beside `src` and `dist`, which have the same depth. */
const file = join(import.meta.dirname, '..', '..', '..', 'templates', 'oci-function', 'handler_host.py')

let program: string | undefined

/** Its text: given to Python as an argument it puts no directory of ours on the path of imports. */
export function hostProgram(): string {
  program ??= readFileSync(file, 'utf8')
  return program
}
