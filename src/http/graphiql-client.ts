/** What runs in the browser: one fetcher for HTTP and WebSocket, and the token for both. A text, for it is never run here. */
export const graphiqlClient = /* javascript */ `
import { createClient } from './client.js'

const token = document.getElementById('token')
token.value = sessionStorage.getItem('dhuo-token') ?? ''
token.addEventListener('input', () => sessionStorage.setItem('dhuo-token', token.value.trim()))
document.getElementById('credentials').addEventListener('submit', (event) => event.preventDefault())

// What stands in GraphiQL's own pane of headers goes before the field above.
const headersOf = (typed) => {
  const names = Object.keys(typed ?? {}).map((name) => name.toLowerCase())
  const isTyped = names.includes('authorization') || names.includes('x-dhuo-access-key')
  return token.value.trim() && !isTyped ? { ...typed, authorization: 'Bearer ' + token.value.trim() } : { ...typed }
}

// A socket belongs to its credentials: others open another one, and the one before closes when its last operation ends.
let socket = { key: null, client: null }
const socketFor = (headers) => {
  const key = JSON.stringify(headers)
  if (socket.key !== key) {
    const url = new URL('/graphql', location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    socket = { key, client: createClient({ url: url.href, connectionParams: headers, lazyCloseTimeout: 5000 }) }
  }
  return socket.client
}

const isSubscription = (params, options) => {
  const operations = (options?.documentAST?.definitions ?? []).filter((node) => node.kind === 'OperationDefinition')
  const chosen = operations.find((node) => node.name?.value === params.operationName) ?? operations[0]
  return chosen?.operation === 'subscription'
}

const fetcher = async (params, options) => {
  const headers = headersOf(options?.headers)
  if (isSubscription(params, options)) return socketFor(headers).iterate(params)
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(params),
  })
  return response.json()
}

const container = document.getElementById('graphiql')
container.textContent = ''
ReactDOM.createRoot(container).render(
  React.createElement(GraphiQL, {
    fetcher,
    shouldPersistHeaders: false,
    defaultQuery: '# Ctrl-Enter runs the operation, Ctrl-Space completes. The docs are in the panel on the left.\\n{\\n  viewer {\\n    email\\n  }\\n}\\n',
  }),
)
`
