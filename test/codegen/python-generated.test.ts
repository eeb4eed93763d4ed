import { execFileSync } from 'node:child_process'
import { buildSchema, parse } from 'graphql'
import { pythonModules } from '../../codegen/plugins/python-client.mjs'
import { describeWith } from '../backends.js'
import { pythonPackage, runPython } from './python-process.js'

describe('the generated Python', () => {
  const schema = buildSchema(`
    type Query { a(id: ID!, from: String, limit: Int = 3): [Thing!]  b(input: In!): Either }
    type Mutation { c: Boolean }
    interface Thing { id: ID! }
    type One implements Thing { id: ID! when: DateTime! x: [Color] class: Float }
    type Two implements Thing { id: ID! deep: One! }
    union Either = One | Two
    enum Color { RED BLUE }
    enum ErrorCode { NOT_FOUND }
    input In { must: Int! may: [Color!] more: In }
    scalar DateTime
  `)
  const generate = (text: string) => pythonModules(schema, [{ document: parse(text) }])

  test('tells the types of an interface and of a union apart, and reads lists, enums and nulls in them', () => {
    const { results, client } = generate(`
      query A($id: ID!, $from: String) { a(id: $id, from: $from) { __typename id ... on One { when x class } ... on Two { deep { ...F } } } }
      query B($input: In!) { b(input: $input) { __typename ... on One { id } } }
      fragment F on One { id }`)
    expect(results).toContain('AA = Union[AAOne, AATwo, OtherType]')
    expect(results).toContain('x=optional_list(lambda item: optional(Color, item), data["x"])')
    expect(results).toContain('deep=F._read(data["deep"])')
    expect(results).toContain('class_=optional(float, data["class"])')
    expect(client).toContain('def a(self, id: str, *, from_: Maybe[str] = UNSET) -> Optional[List[results.AA]]:')
    expect(client).toContain('{"id": id, "from": from_}')
    expect(client).toMatch(
      /may: Maybe\[Sequence\[Union\[Color, str\]\]\] = UNSET,\s+more: Maybe\[Union\[In, Mapping\[str, Any\]\]\] = UNSET/,
    )
  })

  test.each([
    ['query A { a(id: 1) { id } }', /AA must ask for __typename/],
    ['mutation C { c d: c }', /one root field/],
    ['query A($no: Boolean!) { a(id: 1) { __typename ... on One { id @skip(if: $no) } } }', /may be skipped/],
  ])('is not made of what it could not be right for: %s', (text, complaint) => {
    expect(() => generate(text)).toThrow(complaint)
  })
})

/** Every Python from 3.9 on that this machine has. */
const pythons = (): string[] => {
  const names = ['python3', ...Array.from({ length: 8 }, (_, index) => `python3.${9 + index}`)]
  return names.filter((name) => {
    try {
      return execFileSync(name, ['-c', 'import sys; print(sys.version_info >= (3, 9))'], {
        encoding: 'utf8',
        stdio: 'pipe',
      }).includes('True')
    } catch {
      return false
    }
  })
}

describeWith('the Python client', ['python3'])('the package', () => {
  test('is Python 3.9 throughout', async () => {
    const script = `
import ast, pathlib, sys
files = sorted(pathlib.Path(sys.argv[1]).rglob("*.py"))
for file in files:
    ast.parse(file.read_text("utf-8"), str(file), feature_version=(3, 9))
print(len(files))`
    expect(Number(await runPython(script, {}, [pythonPackage]))).toBeGreaterThan(40)
  })

  test.each(pythons())('is imported whole by %s, and its annotations are types there', async (python) => {
    const script = `
import dhuo, dataclasses, inspect, typing
from dhuo import aio, client, dhuolib, errors, experiments, pipelines
from dhuo._generated import async_client, client as generated, enums, inputs, results
for module in (inputs, results):
    for kind in vars(module).values():
        if dataclasses.is_dataclass(kind): typing.get_type_hints(kind)
for kind in (generated.Operations, async_client.AsyncOperations, client.Dhuo):
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            assert method.__doc__, name
            if kind is not client.Dhuo: typing.get_type_hints(method)
print(dhuo.Dhuo, dhuo.BucketPurpose.RAW, dhuo.StepInput, dhuo.NotFoundError)`
    expect(await runPython(script, { python })).toContain('RAW')
  })

  test('loads nothing before it is used', async () => {
    const script = 'import sys; before = set(sys.modules); import dhuo; print(*sorted(set(sys.modules) - before))'
    expect((await runPython(script)).trim().split(' ')).toEqual(['__future__', 'dhuo', 'dhuo._version'])
  })
})
