import { readFile } from 'node:fs/promises'
import { dataFlowPolicies, functionPolicies, storagePolicies } from '../../src/datasources/oci/oci-policies.js'

const page = (name: string): Promise<string> => readFile(`docs/${name}.md`, 'utf8')

const storage = storagePolicies('<compartment>')
const dataFlow = dataFlowPolicies('<compartment>', '<files bucket>', '<logs bucket>')
const functions = functionPolicies('<compartment>', '<handoff bucket>')

test.each([
  ['oci', Object.values(storage)],
  ['data-flow', Object.values(dataFlow)],
  ['oci-functions', Object.values(functions)],
])('docs/%s.md has the policies word for word as the doctor names them, and no others', async (name, policies) => {
  const written = (await page(name)).split('\n').filter((line) => line.startsWith('Allow '))
  expect(written.sort()).toEqual([...policies].sort())
})
