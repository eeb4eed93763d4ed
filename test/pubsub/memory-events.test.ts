import { MemoryEvents } from '../../src/pubsub/memory-events.js'
import { eventsContract } from '../contracts/events-contract.js'

eventsContract('memory', async () => {
  const events = new MemoryEvents()
  return { servers: [events, events], close: () => events.close() }
})
