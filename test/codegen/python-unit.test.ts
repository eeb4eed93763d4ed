import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pythonPackage } from './python-process.js'
import { describePython } from './python-suite.js'

const modules = readdirSync(join(pythonPackage, 'tests'))
  .filter((name) => /^test_\w+\.py$/.test(name))
  .map((name) => `tests.${name.slice(0, -3)}`)

// A resource that is left open is a defect.
await describePython(modules, () => ({ environment: { PYTHONWARNINGS: 'default::ResourceWarning' } }))
