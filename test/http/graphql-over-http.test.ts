import { serverAudits } from 'graphql-http'
import { startTestServer, type TestServer } from './test-server.js'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

describe('the audit of graphql-http', () => {
  for (const audit of serverAudits({ url: () => `${server.url}/graphql` }))
    test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn()
      expect(result).toMatchObject({ status: 'ok' })
    })
})
