// The public API as any program uses it: GraphQL over HTTP, subscriptions over graphql-transport-ws, bytes over signed URLs.
import { createHash } from 'node:crypto'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

export function createDemoClient(url) {
  let token = null
  const socket = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ authorization: `Bearer ${token}` }),
  })
  const query = async (document, variables = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query: document, variables }),
    })
    const { data, errors } = await response.json()
    if (errors) throw new Error(errors.map(({ message, path }) => `${path ? `${path.join('.')}: ` : ''}${message}`).join('\n'))
    return data
  }
  return {
    query,
    async logIn(email, password) {
      const document = 'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token } }'
      token = (await query(document, { email, password })).login.token
      return token
    },
    /** The values of the subscription's one field, as they come; ends when the server completes it. */
    async *subscribe(document, variables) {
      for await (const { data, errors } of socket.iterate({ query: document, variables })) {
        if (errors) throw new Error(errors.map(({ message }) => message).join('\n'))
        yield Object.values(data)[0]
      }
    },
    /** @returns the object, and in how many parts it went */
    async upload(bucket, key, content, contentType) {
      const sha256 = createHash('sha256').update(content).digest('hex')
      const { createUpload } = await query(
        `mutation ($input: CreateUploadInput!) {
          createUpload(input: $input) { id partSize parts { number method url headers { key value } } } }`,
        { input: { bucket, key, size: content.length, contentType, sha256 } },
      )
      const { id, parts } = createUpload
      const partSize = Number(createUpload.partSize)
      for (const { number, method, url: target, headers } of parts) {
        const body = content.subarray((number - 1) * partSize, number * partSize)
        const response = await fetch(target, {
          method,
          headers: Object.fromEntries(headers.map(({ key: name, value }) => [name, value])),
          body,
        })
        if (!response.ok) throw new Error(`Part ${number} of ${key}: ${response.status} ${await response.text()}`)
      }
      const document = 'mutation ($id: ID!) { completeUpload(id: $id) { id sha256 size } }'
      return { object: (await query(document, { id })).completeUpload, parts: parts.length }
    },
    close: () => socket.dispose(),
  }
}
