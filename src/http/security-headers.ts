import type { FastifyInstance } from 'fastify'

/** On every answer; a route that serves a page or a file may replace them. */
export function registerSecurityHeaders(app: FastifyInstance, publicUrl: string | null): void {
  const headers: Record<string, string> = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    ...(publicUrl?.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
  }
  const pairs = Object.entries(headers)
  app.addHook('onRequest', (_request, reply, done) => {
    for (const [name, value] of pairs) reply.header(name, value)
    done()
  })
}
