import { chromium, openPage, type Page } from './browser.js'
import { eventually, startTestServer, type TestServer } from './test-server.js'

const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

describe('what is served', () => {
  test('a browser that opens /graphql gets the page, a program gets GraphQL', async () => {
    const page = await fetch(`${server.url}/graphql`, { headers: { accept } })
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    for (const other of ['*/*', 'application/json', 'application/graphql-response+json, text/html;q=0.1']) {
      const response = await fetch(`${server.url}/graphql?query={hello}`, { headers: { accept: other } })
      expect(response.headers.get('content-type')).toMatch(/json/)
    }
  })

  test('who opens the address of the server alone is led to the page', async () => {
    const led = await fetch(server.url, { headers: { accept } })
    expect([led.url, led.headers.get('content-type')]).toEqual([`${server.url}/graphql`, 'text/html; charset=utf-8'])
  })

  test('the page allows nothing from elsewhere and no inline script', async () => {
    const page = await fetch(`${server.url}/graphql`, { headers: { accept } })
    const policy = page.headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    const html = await page.text()
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
    expect(html).not.toMatch(/<script(?![^>]*src=)/)
  })

  test('all it loads is there, and is not sent twice', async () => {
    const html = await (await fetch(`${server.url}/graphql`, { headers: { accept } })).text()
    const paths = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!)
    expect(paths).toHaveLength(6)
    const client = await (await fetch(`${server.url}/graphiql/client.js`)).text()
    const imported = [...new Set([...client.matchAll(/from '\.\/([\w-]+\.js)'/g)].map((match) => `/graphiql/${match[1]}`))]
    expect(imported).toHaveLength(1)
    for (const path of [...paths, ...imported, '/graphiql/client.js']) {
      const response = await fetch(server.url + path)
      expect([path, response.status]).toEqual([path, 200])
      expect(response.headers.get('content-type')).toMatch(path.endsWith('css') ? /^text\/css/ : /^text\/javascript/)
      const again = await fetch(server.url + path, { headers: { 'if-none-match': response.headers.get('etag')! } })
      expect([again.status, (await again.arrayBuffer()).byteLength]).toEqual([304, 0])
    }
  })

  test.each(['..%2f..%2fpackage.json', 'common-x.js', 'server.js', 'constructor', '__proto__', 'common-..%2f..%2fpackage.js'])(
    'nothing else is: %s',
    async (name) => {
      expect((await fetch(`${server.url}/graphiql/${name}`)).status).toBe(404)
    },
  )
})

if (!chromium) console.warn('SKIPPED: no Chromium on this machine; GraphiQL is not tried in a browser (apt-get install chromium)')
const inBrowser = chromium ? describe : describe.skip

inBrowser('in a browser', () => {
  let page: Page
  beforeAll(async () => {
    page = await openPage(`${server.url}/graphql`)
    await eventually(
      'GraphiQL renders',
      () => page.evaluate<boolean>("!!document.querySelector('.graphiql-execute-button')"),
      30_000,
    )
  }, 90_000)
  afterAll(() => page?.close())

  const run = async (query: string): Promise<void> => {
    await page.evaluate(
      `document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue(${JSON.stringify(query)})`,
    )
    await page.evaluate("document.querySelector('.graphiql-execute-button').click()")
  }
  const shows = async (text: string): Promise<void> => {
    const result = () =>
      page.evaluate<string>("document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''")
    await eventually(`the result shows ${text}`, async () => (await result()).includes(text), 15_000)
  }
  const typeToken = (token: string): Promise<void> =>
    page.evaluate(`token.value = ${JSON.stringify(token)}; token.dispatchEvent(new Event('input'))`)

  test('a query runs', async () => {
    await run('{ hello(name: "browser") }')
    await shows('"hello browser"')
  }, 60_000)

  test('the token goes with queries and with subscriptions', async () => {
    await typeToken('good')
    await run('{ me }')
    await shows('"ada"')
    await run('subscription { ticks(count: 3, everyMs: 20) }')
    await shows('"ticks": 3')
    await typeToken('wrong')
    const before = server.lines().length
    await run('subscription { ticks(count: 1) }')
    await eventually('the socket is refused', () =>
      server
        .lines()
        .slice(before)
        .some(({ code }) => code === 4403),
    )
  }, 60_000)

  test('its documentation, history and dialogs open', async () => {
    const click = (label: string) =>
      page.evaluate<boolean>(`!!document.querySelector('[aria-label="${label}"]')?.click() || true`)
    await click('Show Documentation Explorer')
    await eventually('the types are listed', () => page.evaluate<boolean>("document.body.innerText.includes('Root Types')"))
    await click('Show History')
    await eventually('the history is shown', () => page.evaluate<boolean>("!!document.querySelector('.graphiql-history')"))
    for (const dialog of ['Open short keys dialog', 'Open settings dialog']) {
      await click(dialog)
      await eventually(dialog, () => page.evaluate<boolean>("!!document.querySelector('.graphiql-dialog')"))
      await page.evaluate("document.querySelector('.graphiql-dialog-close').click()")
      await eventually('it closes', () => page.evaluate<boolean>("!document.querySelector('.graphiql-dialog')"))
    }
    await page.evaluate(`{
      const editor = document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror
      editor.setValue('{ h')
      editor.setCursor(0, 3)
      editor.focus()
      editor.execCommand('autocomplete')
    }`)
    await eventually('completions are offered', () => page.evaluate<boolean>("!!document.querySelector('.CodeMirror-hints')"))
  }, 60_000)

  test('a link brings its query, which waits to be run', async () => {
    const query = '{ hello(name: "a & b + é") }'
    const before = server.lines().length
    const linked = await openPage(`${server.url}/graphql?query=${encodeURIComponent(query)}`)
    try {
      const shown = () =>
        linked.evaluate<string>("document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getValue() ?? ''")
      await eventually('the query is shown', async () => (await shown()) === query, 30_000)
      await eventually('the schema is read', () =>
        server
          .lines()
          .slice(before)
          .some(({ operation }) => operation === 'query __schema'),
      )
      expect(
        server
          .lines()
          .slice(before)
          .filter(({ operation }) => operation === 'query hello'),
      ).toEqual([])
    } finally {
      await linked.close()
    }
  }, 90_000)

  test('the schema was read, and nothing was asked of anybody else, refused by the policy or thrown', async () => {
    await eventually('introspection', () => server.lines().some(({ operation }) => operation === 'query __schema'))
    const elsewhere = page.requested.filter(
      (url) => !url.startsWith(server.url) && !url.startsWith(server.url.replace('http', 'ws')),
    )
    expect(elsewhere.filter((url) => !/^(data|blob|about):/.test(url))).toEqual([])
    // The refused subscription of the test before.
    expect(page.complaints.filter((text) => !/Forbidden|4403/.test(text))).toEqual([])
  }, 60_000)
})
