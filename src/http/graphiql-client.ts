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

// Found in the text, for GraphiQL's syntax tree lags behind its editor: what is left without brackets are the headings.
const typeOfOperation = ({ query, operationName }) => {
  let headings = query.replace(/"""[\\s\\S]*?"""|"(?:\\\\.|[^"\\\\])*"|#.*/g, ' ')
  for (let before = ''; before !== headings; ) {
    before = headings
    headings = headings.replace(/\\([^(){}]*\\)|\\{[^(){}]*\\}/g, ';')
  }
  const found = [...headings.matchAll(/\\b(fragment|query|mutation|subscription)\\b\\s*(\\w+)?/g)].filter(([, type]) => type !== 'fragment')
  return (found.find(([, , name]) => operationName && name === operationName) ?? found[0])?.[1] ?? 'query'
}

const fetcher = async (params, options) => {
  const headers = headersOf(options?.headers)
  if (typeOfOperation(params) === 'subscription') return socketFor(headers).iterate(params)
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(params),
  })
  return response.json()
}

// A link may bring its query: it opens in a tab of its own beside those that are there, and runs when its reader wants it to.
const linked = new URLSearchParams(location.search).get('query') ?? undefined

const container = document.getElementById('graphiql')
container.textContent = ''
ReactDOM.createRoot(container).render(
  React.createElement(GraphiQL, {
    fetcher,
    shouldPersistHeaders: false,
    query: linked,
    defaultQuery: '# Ctrl-Enter runs, Ctrl-Space completes\\n{\\n  viewer {\\n    email\\n  }\\n}\\n',
  }),
)
`
