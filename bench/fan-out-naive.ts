// The second baseline of fan-out.ts: Apollo Server and graphql-ws as their documentation puts them together, with an execution for
// each subscriber and each event.
import { EventEmitter, on } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApolloServer } from '@apollo/server'
import { buildSchema } from 'graphql'
import { useServer as serveOn } from 'graphql-ws/use/ws'
import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'
import { answerParent } from './fan-out-control.js'

const [redisPort = '', channel = ''] = process.argv.slice(2)
const schema = buildSchema(`
  type Query { nothing: Int }
  type Subscription { pipelineEvents(pipelineRun: ID!, after: Int): PipelineEvent! }
  type PipelineEvent {
    sequence: Int! type: String! at: String! stepName: String runStatus: String stepStatus: String progress: Float message: String
    stream: String number: Int
  }
`)
const published = new EventEmitter().setMaxListeners(0)
const field = schema.getSubscriptionType()!.getFields()['pipelineEvents']!
field.subscribe = async function* () {
  for await (const [event] of on(published, 'event')) yield event
}
field.resolve = (event) => event

const redis = new Redis({ port: Number(redisPort), host: '127.0.0.1' })
await redis.subscribe(channel)
redis.on('message', (_channel: string, text: string) => {
  for (const event of (JSON.parse(text) as { events: unknown[] }).events) published.emit('event', event)
})
await new ApolloServer({ schema }).start()
const http = createServer()
serveOn({ schema }, new WebSocketServer({ server: http, path: '/graphql' }))
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
answerParent((http.address() as AddressInfo).port)
