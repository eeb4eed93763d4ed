import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createTestHub, type TestHub } from '../hub.js'
import { pythonPackage } from './python-process.js'
import { describePython } from './python-suite.js'

const modules = readdirSync(join(pythonPackage, 'tests', 'live'))
  .filter((name) => /^test_\w+\.py$/.test(name))
  .map((name) => `tests.live.${name.slice(0, -3)}`)

let hub: TestHub
beforeAll(async () => {
  hub = await createTestHub()
})
afterAll(() => hub.close())

await describePython(modules, () => ({
  environment: { DHUO_URL: hub.url, DHUO_ACCESS_KEY: hub.admin, DHUO_TEST_HOME: hub.home },
}))
