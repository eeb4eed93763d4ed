import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { notFound } from '../errors.js'
import { graphiqlClient } from './graphiql-client.js'

// GraphiQL 4: the last one with a bundle that browsers load as it is (1.5 MB with its fonts). GraphiQL 5 has Monaco (9 MB)
// and would have to be bundled here, before each start.
const require = createRequire(import.meta.url)
const nodeModules = dirname(dirname(require.resolve('graphiql/package.json')))
const sockets = join(nodeModules, 'graphql-ws', 'dist')

/** Nothing from elsewhere, no inline script. GraphiQL's dialogs lock scrolling with a style element of their own. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>DHuO Graph</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/graphiql/graphiql.min.css" />
    <link rel="stylesheet" href="/graphiql/page.css" />
  </head>
  <body>
    <form id="credentials">
      <label for="token">Session token or access key</label>
      <input id="token" type="password" autocomplete="off" spellcheck="false" placeholder="sent with queries and subscriptions; kept until this tab closes" />
    </form>
    <div id="graphiql">Loading…</div>
    <script src="/graphiql/react.production.min.js"></script>
    <script src="/graphiql/react-dom.production.min.js"></script>
    <script src="/graphiql/graphiql.min.js"></script>
    <script type="module" src="/graphiql/page.js"></script>
  </body>
</html>
`

const pageStyle = `html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; font: 14px system-ui, sans-serif; }
#credentials { display: flex; gap: 12px; align-items: center; padding: 6px 16px; border-bottom: 1px solid #8884; }
#token { flex: 0 1 32em; padding: 4px 8px; font: inherit; }
#graphiql { flex: 1; min-height: 0; }
`

const javascript = 'text/javascript; charset=utf-8'
const stylesheet = 'text/css; charset=utf-8'

const assets: Record<string, { type: string; load(): Promise<string | Buffer> }> = {
  'react.production.min.js': vendored(javascript, 'react', 'umd', 'react.production.min.js'),
  'react-dom.production.min.js': vendored(javascript, 'react-dom', 'umd', 'react-dom.production.min.js'),
  'graphiql.min.js': vendored(javascript, 'graphiql', 'graphiql.min.js'),
  'graphiql.min.css': vendored(stylesheet, 'graphiql', 'graphiql.min.css'),
  'page.js': { type: javascript, load: async () => graphiqlClient },
  'page.css': { type: stylesheet, load: async () => pageStyle },
}

function vendored(type: string, ...path: string[]) {
  return { type, load: () => readFile(join(nodeModules, ...path)) }
}

/** Registers what the page loads, and answers with the page itself. Nothing is read before a browser asks. */
export function registerGraphiql(app: FastifyInstance): (reply: FastifyReply) => FastifyReply {
  const loaded = new Map<string, Promise<{ content: string | Buffer; etag: string }>>()

  const load = (name: string, read: () => Promise<string | Buffer>) => {
    let asset = loaded.get(name)
    if (!asset) {
      asset = read().then((content) => ({ content, etag: `"${createHash('sha256').update(content).digest('base64url')}"` }))
      loaded.set(name, asset)
    }
    return asset
  }
  const send = async (reply: FastifyReply, name: string, type: string, read: () => Promise<string | Buffer>) => {
    const { content, etag } = await load(name, read)
    // Asked for each time, sent only when it has changed: an upgrade of the server shows at once.
    reply.header('cache-control', 'no-cache').header('etag', etag)
    if (reply.request.headers['if-none-match'] === etag) return reply.code(304).send()
    return reply.type(type).send(content)
  }

  // Whoever types the address of the server alone wants the page.
  app.get('/', (_request, reply) => reply.redirect('./graphql'))

  app.get<{ Params: { name: string } }>('/graphiql/:name', async (request, reply) => {
    const { name } = request.params
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined
    if (asset) return send(reply, name, asset.type, asset.load)
    // The client library is a module of two files, the second one named after its content.
    const isModule = name === 'client.js' || (/^common-[\w-]+\.js$/.test(name) && (await readdir(sockets)).includes(name))
    if (!isModule) throw notFound(`The file "${name}"`)
    return send(reply, name, javascript, () => readFile(join(sockets, name)))
  })

  return (reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('content-security-policy', contentSecurityPolicy)
      .header('cross-origin-opener-policy', 'same-origin')
      .send(page)
}
