import { execFileSync } from 'node:child_process'
import { ReportServer } from './report-server.js'
import { ScriptPlace, serverEnvironment, withoutNumbers, wrapperFile } from './wrapped-script.js'

const place = new ScriptPlace()
const server = new ReportServer()
beforeAll(async () => {
  await place.open()
  await server.open()
  // Several at once: most of the time goes into the start of Python.
  const left = [...scripts]
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift())
      outcomes.set(next[1], await bothWays(next[1], ['two words', '', '-c', 'ação', '$HOME']))
  }
  await Promise.all([work(), work(), work()])
}, 60_000)
afterAll(async () => {
  await server.shut()
  await place.close()
})

/** Both ways of running it, and what of them must be the same. */
async function bothWays(script: string, args: string[] = []) {
  const [direct, wrapped] = await Promise.all([
    place.run(script, null, args),
    place.run(script, serverEnvironment(server.url), args),
  ])
  const { code, signal } = wrapped
  return { direct, wrapped: { code, signal, stdout: withoutNumbers(wrapped.stdout), stderr: withoutNumbers(wrapped.stderr) } }
}

const outcomes = new Map<string, Awaited<ReturnType<typeof bothWays>>>()

/** Every script prints what it sees of itself; whatever differs fails its test. */
const scripts: [string, string][] = [
  [
    'its arguments, name, file, path and module',
    `import sys, os
print(sys.argv[1:], __name__, os.path.basename(__file__), __doc__, __spec__, __package__, __builtins__.__name__)
print(sys.path[0] == os.path.dirname(os.path.abspath(__file__)), sys.modules["__main__"].__dict__ is globals())
print(sorted(name for name in globals() if name not in ("__annotations__", "sys", "os")), "settings" in dir())`,
  ],
  ['a docstring and annotations', '"""What it does."""\nx: int = 1\nprint(__doc__, __annotations__)'],
  ['exit code 3', 'import sys\nprint("begun")\nsys.exit(3)'],
  ['a text as its exit code', 'import sys\nsys.exit("that is why")'],
  ['an exit from a thread of another kind', 'import os\nprint("x", flush=True)\nos._exit(9)'],
  [
    'an exception, with its cause',
    'def f():\n  try:\n    1 / 0\n  except Exception as e:\n    raise ValueError("wrong") from e\nf()',
  ],
  ['a syntax error', 'print("never")\nif'],
  ['bytes that are no Python', 'x = "\\0"'],
  ['an interrupt', 'raise KeyboardInterrupt'],
  [
    'a hook of its own for exceptions',
    'import sys\nsys.excepthook = lambda t, v, tb: print("hook", t.__name__, v, tb.tb_lineno)\n1 / 0',
  ],
  ['a signal that kills it', 'import os, signal\nprint("x", flush=True)\nos.kill(os.getpid(), signal.SIGKILL)'],
  ['a signal that it dies of', 'import os, signal\nos.kill(os.getpid(), signal.SIGTERM)'],
  ['a crash', 'import ctypes\nprint("x", flush=True)\nctypes.string_at(0)'],
  [
    'exit handlers, threads and what is flushed late',
    `import atexit, sys, threading, time
atexit.register(lambda: print("handler", sys.modules["__main__"].__dict__ is globals()))
threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
sys.stdout.write("no end of line")`,
  ],
  [
    'that it waits for all its children, and has none that it did not start',
    `import os, subprocess
subprocess.run(["sh", "-c", "echo child; echo child >&2"])
os.system("echo system")
os.write(1, b"raw\\n")
try:
  os.wait()
except ChildProcessError as e:
  print("none left")`,
  ],
  [
    'processes that it forks and spawns',
    `import multiprocessing, os, sys
def work(n): return n * n
if __name__ == "__main__":
  for method in ("fork", "spawn"):
    with multiprocessing.get_context(method).Pool(2) as pool: print(method, pool.map(work, range(5)))
  child = os.fork()
  if child == 0:
    print("forked")
    sys.exit(0)
  print(os.waitpid(child, 0)[1])`,
  ],
  ['objects that it pickles', 'import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A, A.__module__)'],
  ['another program in its place', 'import os\nprint("before")\nos.execlp("sh", "sh", "-c", "sleep 0.5; echo after; exit 5")'],
  ['nothing at its standard input', 'import sys\nprint(repr(sys.stdin.read()), sys.stdout.isatty(), sys.stderr.encoding)'],
  ['bytes that are no UTF-8 on a descriptor', 'import sys\nsys.stdout.buffer.write("ação 東京 🎉\\n".encode())'],
  ['its source, which it looks at', 'import inspect\ndef f(): return 1\nprint(inspect.getsource(f))'],
  ['nothing', ''],
]

test.each(scripts)('a script sees and does the same under the wrapper: %s', (_what, script) => {
  const { direct, wrapped } = outcomes.get(script)!
  if (direct.signal === 'SIGSEGV') return expect(wrapped).toMatchObject({ code: direct.code, signal: direct.signal })
  expect(wrapped).toEqual(direct)
})

test('a signal reaches the script once, and its handler decides', async () => {
  const script = `import signal, sys, time
count = 0
def end(*_):
  global count
  count += 1
signal.signal(signal.SIGTERM, end)
print("ready")
time.sleep(1)
print("signals", count)
sys.exit(4)`
  const { child, ended } = await place.start(script, serverEnvironment(server.url))
  child.stdout!.on('data', (data) => String(data).includes('ready') && child.kill('SIGTERM'))
  const { code, stdout } = await ended
  expect({ code, said: withoutNumbers(stdout) }).toEqual({ code: 4, said: 'ready\nsignals 1\n' })
})

test('without a way to report there is nothing but the script', async () => {
  expect(await place.run('print("alone")', {})).toEqual({ code: 0, signal: null, stdout: 'alone\n', stderr: '' })
})

test('the secret of the bucket is not for the script', async () => {
  const environment = { DHUO_LINES_URL: `${server.url}/p/secret/o/`, DHUO_WRAPPER: 'linger=1' }
  const { stdout } = await place.run(
    'import os\nprint("DHUO_LINES_URL" in os.environ, "DHUO_WRAPPER" in os.environ)',
    environment,
  )
  expect(withoutNumbers(stdout)).toBe('False False\n')
})

test('it is Python 3.8, of the standard library alone', () => {
  const check = `import ast, sys
tree = ast.parse(open(sys.argv[1]).read(), feature_version=(3, 8))
names = {n.split(".")[0] for node in ast.walk(tree) for n in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else [])}
print(sorted(names - set(sys.stdlib_module_names)))`
  expect(execFileSync('python3', ['-c', check, wrapperFile], { encoding: 'utf8' })).toBe('[]\n')
})
