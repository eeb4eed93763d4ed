// The first baseline of fan-out.ts: `ws` alone, which sends the same bytes to every socket for each message of Redis.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'
import { answerParent } from './fan-out-control.js'

const [redisPort = '', channel = '', payload = ''] = process.argv.slice(2)
const bytes = Buffer.from(payload)
const http = createServer()
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false })
const redis = new Redis({ port: Number(redisPort), host: '127.0.0.1' })
await redis.subscribe(channel)
redis.on('message', () => {
  for (const socket of sockets.clients) socket.send(bytes, { binary: false })
})
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
answerParent((http.address() as AddressInfo).port)
