import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FunctionDefinition, FunctionFile, FunctionInvoker } from '../../src/datasources/functions/function-invoker.js'

export const fileOf = (name: string, content: string | Uint8Array): FunctionFile => ({
  name,
  localFile: null,
  open: async () => Readable.from([Buffer.from(content as Uint8Array)]),
})

let made = 0
/** A handler of its own. */
export const handlerOf = (script: string, over: Partial<FunctionDefinition> = {}): FunctionDefinition => ({
  key: `dpl_${++made}/1`,
  displayName: `test/${made}`,
  script: fileOf('predict.py', script),
  modelFiles: [fileOf('factor.txt', '3')],
  archive: null,
  environment: {},
  ...over,
})

export const times = `import os
def load(model_path):
    return int(open(os.path.join(model_path, "factor.txt")).read())
def predict(model, rows):
    return [row * model for row in rows]
`
export const noModel = 'def load(model_path):\n    return None\n'

/** What every invoker of functions promises. Handlers are Python. */
export function functionInvokerContract(
  name: string,
  open: () => Promise<{ invoker: FunctionInvoker; close(): Promise<void> }>,
): void {
  describe(`${name} keeps the function invoker's promises`, () => {
    let invoker: FunctionInvoker
    let close: () => Promise<void>
    beforeAll(async () => {
      ;({ invoker, close } = await open())
    })
    afterAll(() => close())

    const invoke = (definition: FunctionDefinition, rows: unknown[], signal = new AbortController().signal) =>
      invoker.invoke(definition, rows, signal)
    const refused = (promise: Promise<unknown>, code: string, said: RegExp) =>
      expect(promise).rejects.toMatchObject({ code, message: expect.stringMatching(said) })

    test('it answers, and says what it is', async () => {
      await invoker.ping()
      expect(invoker.kind).toMatch(/^[a-z-]+$/)
      expect(invoker.limits.maxPayloadBytes).toBeGreaterThan(1_000)
    })

    test('a handler loads its model once, and gives one answer for each row, in order', async () => {
      const script = `${times}loads = 0
_load = load
def load(model_path):
    global loads
    loads += 1
    return _load(model_path)
_predict = predict
def predict(model, rows):
    return [[each, loads] for each in _predict(model, rows)]
`
      const handler = handlerOf(script)
      const answers = await Promise.all([[1, 2], [], [5]].map((rows) => invoke(handler, rows)))
      expect(answers).toEqual([
        [
          [3, 1],
          [6, 1],
        ],
        [],
        [[15, 1]],
      ])
    })

    test('values keep their form: texts, long integers, numbers that are not finite, nested ones', async () => {
      const echo = handlerOf(`${noModel}def predict(model, rows):\n    return rows`)
      const rows = [null, true, 'é\n"\\\u2028', 1.5, { a: [1, { b: null }] }, [], '', -9007199254740991]
      expect(await invoke(echo, rows)).toEqual(rows)
      const special = handlerOf(
        `${noModel}def predict(model, rows):\n    return (2**53, -2**70, float("nan"), float("inf"), -float("inf"), (1, 2), 10**15, {1: 2})`,
      )
      expect(await invoke(special, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([
        ...['9007199254740992', '-1180591620717411303424', 'NaN', 'Infinity', '-Infinity'],
        ...[[1, 2], 1_000_000_000_000_000, { 1: 2 }],
      ])
    })

    test('what a handler prints and reads does not disturb', async () => {
      const script = `${noModel}import sys, os
print("loading")
def predict(model, rows):
    print("hello")
    sys.stdout.write('{"id": 1, "predictions": [0]}\\n')
    sys.stdout.flush()
    os.write(1, b'{"id": 1}\\n')
    return [sys.stdin.read()] + rows[1:]
`
      expect(await invoke(handlerOf(script), ['a', 'b'])).toEqual(['', 'b'])
    })

    test('a handler that raises refuses the rows, with its words and without a path of the server', async () => {
      const script = `${noModel}def predict(model, rows):
    if rows[0] == "file":
        open("/etc/nothing/here/secret.txt")
    if rows[0] == "exit":
        raise SystemExit(3)
    return [row["size"] for row in rows]
`
      const handler = handlerOf(script)
      await refused(invoke(handler, [{}]), 'BAD_USER_INPUT', /KeyError: 'size' \(predict\.py, line 8\)/)
      await expect(invoke(handler, ['file'])).rejects.toMatchObject({ message: expect.not.stringContaining('/etc') })
      await refused(invoke(handler, ['exit']), 'BAD_USER_INPUT', /SystemExit: 3/)
      expect(await invoke(handler, [{ size: 4 }])).toEqual([4])
    })

    test.each([
      ['fewer answers than rows', 'return rows[1:]', /1 predictions for 2 rows/],
      ['more answers than rows', 'return rows + rows', /4 predictions for 2 rows/],
      ['no list', 'return "ab"', /returned a str/],
      ['nothing', 'pass', /returned a NoneType/],
      ['what JSON has not', 'return [object(), 1]', /object/],
    ])('%s is no answer, and the handler says so', async (_what, line, said) => {
      await refused(invoke(handlerOf(`${noModel}def predict(model, rows):\n    ${line}`), [1, 2]), 'BACKEND_UNAVAILABLE', said)
    })

    test.each([
      ['a mistake in its syntax', 'def load(:', /SyntaxError/],
      ['an import that is not there', 'import not_there', /No module named 'not_there'/],
      ['no predict', noModel, /no function predict/],
      ['no load', 'def predict(model, rows):\n    return rows', /no function load/],
      ['a model that it cannot read', 'def load(p):\n    open(p + "/other.txt")\ndef predict(m, r): pass', /FileNotFoundError/],
      ['an end', 'raise SystemExit("no licence")', /no licence/],
      [
        'a sudden end',
        'import os, sys\nprint("last words", file=sys.stderr, flush=True)\nos._exit(9)',
        /exit code 9: last words/,
      ],
    ])('a handler with %s cannot be loaded, with what it said, as often as it is asked', async (_what, script, said) => {
      const handler = handlerOf(script)
      for (let times = 0; times < 2; times++) await refused(invoke(handler, [1]), 'PRECONDITION_FAILED', said)
    })

    test('a handler that dies is started again once for the call that was under way', async () => {
      const script = (mark: string) => `${noModel}import os, signal
def predict(model, rows):
    if not os.path.exists("died"):
        ${mark}
        os.kill(os.getpid(), signal.SIGKILL)
    return rows
`
      expect(await invoke(handlerOf(script('open("died", "w").close()')), [1])).toEqual([1])
      const hopeless = handlerOf(script('pass'))
      await refused(invoke(hopeless, [1]), 'BACKEND_UNAVAILABLE', /died twice.*SIGKILL/)
    })

    test('rows and answers have a bound', async () => {
      const { maxPayloadBytes } = invoker.limits
      const handler = handlerOf(`${noModel}def predict(model, rows):\n    return ["x" * int(row) for row in rows]`)
      await expect(invoke(handler, ['1'.repeat(maxPayloadBytes)])).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'rows',
      })
      await refused(invoke(handler, [maxPayloadBytes]), 'BACKEND_UNAVAILABLE', /more than \d+ bytes/)
      expect((await invoke(handler, [maxPayloadBytes - 100])).map((text) => String(text).length)).toEqual([maxPayloadBytes - 100])
    })

    test('its environment is what it is given, and nothing of the server', async () => {
      process.env['DHUO_TEST_SECRET'] = 'hunter22'
      const script = `${noModel}import os\ndef predict(model, rows):\n    return [os.environ.get(row) for row in rows]`
      const handler = handlerOf(script, { environment: { DHUO_PROJECT: 'iris' } })
      expect(await invoke(handler, ['DHUO_PROJECT', 'DHUO_TEST_SECRET'])).toEqual(['iris', null])
      delete process.env['DHUO_TEST_SECRET']
    })

    test('an archive that is not what it says is refused', async () => {
      const archive = { ...fileOf('archive.zip', 'other bytes'), sha256: createHash('sha256').update('bytes').digest('hex') }
      await refused(invoke(handlerOf(times, { archive }), [1]), 'PRECONDITION_FAILED', /SHA-256/)
      const two = handlerOf(times, { modelFiles: [fileOf('a', '1'), fileOf('a', '2')] })
      await refused(invoke(two, [1]), 'PRECONDITION_FAILED', /two files/)
      for (const bad of ['../a', 'a/b', '', '..'])
        await refused(invoke(handlerOf(times, { modelFiles: [fileOf(bad, '1')] }), [1]), 'PRECONDITION_FAILED', /name/)
    })

    test('a client that goes away does not take the handler with it', async () => {
      const handler = handlerOf(
        `${noModel}import time, os\ndef predict(model, rows):\n    time.sleep(rows[0])\n    return [os.getpid()]`,
      )
      const [pid] = await invoke(handler, [0])
      const gone = new AbortController()
      const asked = invoke(handler, [0.3], gone.signal)
      setTimeout(() => gone.abort(new Error('gone')), 50)
      await expect(asked).rejects.toThrow('gone')
      await expect(invoke(handler, [0], gone.signal)).rejects.toThrow('gone')
      expect(await invoke(handler, [0])).toEqual([pid])
    })

    test('a handler that was released is held no more, and answers again when it is asked again', async () => {
      const handler = handlerOf(times)
      await invoker.prepare(handler)
      expect(await invoke(handler, [1])).toEqual([3])
      expect(await invoker.keys()).toContain(handler.key)
      await invoker.release(handler.key)
      expect(await invoker.keys()).not.toContain(handler.key)
      await invoker.release(handler.key)
      expect(await invoke(handler, [2])).toEqual([6])
    })
  })
}
