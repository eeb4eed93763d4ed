// Benchmarks import `../src/….js` and are type-checked against src/, but measure what production runs: dist/. Node strips the types of
// bench/*.ts itself (no decorators there) and wants `.ts` in the path. Children that a benchmark forks inherit this `--import`;
// so do doubles of test/ that run in a process of their own.
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url).href

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurs = ['bench', 'test'].some((folder) => context.parentURL?.startsWith(`${root}${folder}/`))
    if (!specifier.startsWith('.') || !isOurs) return nextResolve(specifier, context)
    const url = new URL(specifier, context.parentURL).href
    if (url.startsWith(`${root}src/`)) return nextResolve(url.replace(`${root}src/`, `${root}dist/`), context)
    const typescript = url.replace(/\.js$/, '.ts')
    return nextResolve(existsSync(fileURLToPath(typescript)) ? typescript : url, context)
  },
})
