import type { Events, LoggedMetric } from '../../src/pubsub/topics.js'

export interface OpenedEvents {
  /** Two servers on the same messages; the same one twice where there can be only one. */
  servers: [Events, Events]
  close(): Promise<void>
}

const point = (step: number, key = 'loss'): LoggedMetric => ({ key, value: 0, isNan: 0, step, timestamp: 0 })

/** What every event target promises, whichever server publishes and whichever listens. */
export function eventsContract(name: string, open: () => Promise<OpenedEvents>): void {
  describe(`events through ${name}`, () => {
    let opened: OpenedEvents
    let here: Events
    let there: Events
    let ids = 0
    let id: string
    let gone: AbortController
    beforeAll(async () => {
      opened = await open()
      ;[here, there] = opened.servers
    })
    beforeEach(() => {
      id = `run-${++ids}`
      gone = new AbortController()
    })
    afterEach(() => gone.abort())
    afterAll(() => opened.close())

    const listen = (events: Events, to = id) => events.subscribe('pipelineRunDue', to, gone.signal)
    const say = (events: Events, text: string | number, to = id) =>
      events.publish('pipelineRunDue', to, { pipelineRunId: String(text) })
    const heard = async (stream: AsyncIterator<{ pipelineRunId: string }, undefined>, count: number): Promise<string[]> => {
      const texts: string[] = []
      while (texts.length < count) texts.push((await stream.next()).value!.pipelineRunId)
      return texts
    }

    test('a message gets through from the moment that the subscription is there, every time', async () => {
      for (let i = 0; i < 50; i++) {
        const streams = [await listen(here, `${id}-${i}`), await listen(there, `${id}-${i}`)]
        say(there, i, `${id}-${i}`)
        for (const stream of streams) expect(await heard(stream, 1)).toEqual([String(i)])
      }
    })

    test('messages come in the order in which they were published, each once', async () => {
      const streams = [await listen(here), await listen(there)]
      const wanted = Array.from({ length: 900 }, (_, i) => String(i))
      for (const text of wanted) say(here, text)
      for (const stream of streams) expect(await heard(stream, 900)).toEqual(wanted)
      say(there, 'last')
      for (const stream of streams) expect(await heard(stream, 1)).toEqual(['last'])
    })

    test('one hears the id and the topic that one has asked for, and no other', async () => {
      const [mine, other] = [await listen(there), await listen(there, `${id}-other`)]
      const metrics = await there.subscribe('metricsLogged', id, gone.signal)
      here.publish('metricsLogged', id, { points: [point(1)] })
      say(here, 'other', `${id}-other`)
      say(here, 'mine')
      expect(await heard(mine, 1)).toEqual(['mine'])
      expect(await heard(other, 1)).toEqual(['other'])
      expect((await metrics.next()).value).toEqual({ points: [point(1)] })
    })

    test('a message arrives as it was, whatever is in it and however large', async () => {
      const stream = await there.subscribe('logEvents', id, gone.signal)
      const events = [
        { sequence: 1, message: 'a\r\nb\0c 🎉 "\\ \u2028', empty: null, number: 1e300, nested: [[], {}] },
        { sequence: 2, message: 'ü'.repeat(1_000_000) },
      ]
      here.publish('logEvents', id, { events })
      expect((await stream.next()).value).toEqual({ events })
    })

    test('publishing to nobody does nothing, and hands back nothing to wait for', () => {
      expect(say(here, 'nobody')).toBeUndefined()
    })

    test('each subscriber has every message, and one who leaves takes nothing from the others', async () => {
      const [one, two] = [await listen(here), await listen(here)]
      say(there, 1)
      expect(await heard(one, 1)).toEqual(['1'])
      await one.return!()
      say(there, 2)
      expect(await heard(two, 2)).toEqual(['1', '2'])
      expect(await one.next()).toEqual({ done: true, value: undefined })
    })

    test('who comes when the last one leaves misses nothing', async () => {
      for (let i = 0; i < 20; i++) {
        const last = await listen(here)
        const coming = listen(here)
        await last.return!()
        const alone = await coming
        await alone.return!()
        const next = await listen(here)
        say(there, i)
        expect(await heard(next, 1)).toEqual([String(i)])
        await next.return!()
      }
    })

    test('a subscription is over when its signal aborts, and hands out first what has come before', async () => {
      const stream = await listen(here)
      const witness = await here.subscribe('pipelineRunDue', id, new AbortController().signal)
      say(there, 1)
      expect(await heard(witness, 1)).toEqual(['1'])
      gone.abort()
      expect(await heard(stream, 1)).toEqual(['1'])
      expect(await stream.next()).toEqual({ done: true, value: undefined })
      await witness.return!()
    })

    test('a subscription is over while it waits, and at once for a signal that has aborted', async () => {
      const stream = await listen(here)
      const waiting = stream.next()
      gone.abort()
      expect(await waiting).toEqual({ done: true, value: undefined })
      expect(await (await listen(here)).next()).toEqual({ done: true, value: undefined })
    })

    test('a subscriber who falls a thousand messages behind is told so, and holds up nobody', async () => {
      const [slow, fast] = [await listen(here), await listen(here)]
      for (let i = 0; i < 1_200; i += 300) {
        for (let k = 0; k < 300; k++) say(there, i + k)
        await heard(fast, 300)
      }
      await expect(slow.next()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
      expect(await slow.next()).toEqual({ done: true, value: undefined })
      say(there, 'more')
      expect(await heard(fast, 1)).toEqual(['more'])
    })

    test('it answers, and has dropped nothing', async () => {
      for (const events of opened.servers) {
        await events.ping()
        expect(events.dropped).toBe(0)
      }
    })

    test('after closing every subscription is over, and what is published goes nowhere, without a word', async () => {
      const streams = [await listen(here), await listen(here, `${id}-other`)]
      const waiting = streams.map((stream) => stream.next())
      await here.close()
      for (const end of waiting) expect(await end).toEqual({ done: true, value: undefined })
      say(here, 'nowhere')
      await here.close()
    })
  })
}
