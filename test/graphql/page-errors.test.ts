import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedProject } from '../seed.js'

let hub: TestHub
beforeAll(async () => {
  hub = await createTestHub()
})
afterAll(() => hub.close())

test('a list that is asked for wrongly fails by itself: the same list beside it is answered', async () => {
  const project = await seedProject(hub)
  await seedBucket(hub, project.name)
  const query = `query ($name: String!) {
    wrong: project(name: $name) { buckets(after: "nonsense") { totalCount } }
    right: project(name: $name) { buckets { totalCount } }
  }`
  const { data, errors } = await hub.execute(query, { name: project.name })
  expect(data).toEqual({ wrong: null, right: { buckets: { totalCount: 1 } } })
  expect(errors).toMatchObject([{ path: ['wrong', 'buckets'], extensions: { code: 'BAD_USER_INPUT', field: 'after' } }])
})
