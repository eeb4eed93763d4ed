import { canonicalName, checkName, type NameKind, nameKinds, namingRules, requireName } from '../src/naming-policy.js'

const accepted: [NameKind, string][] = [
  ['PROJECT', 'iris'],
  ['PROJECT', 'a'.repeat(63)],
  ['PROJECT', 'Projeto_Analise_Sentimento'],
  ['EXPERIMENT', 'iris-species'],
  ['MODEL', 'm_01'],
  ['DEPLOYMENT', 'nightly-1'],
  ['STEP', 'train'],
  ['DATASET', 'iris_raw'],
  ['BUCKET', 'iris-raw'],
  ['BUCKET', 'my-project-features-2026'],
  ['TABLE', 'T1'],
  ['TABLE', 'iris_measurements'],
  ['OBJECT_KEY', 'a/b c/ü 😀.csv'],
  ['OBJECT_KEY', '/leading'],
  ['OBJECT_KEY', '../up'],
  ['OBJECT_KEY', 'é'.repeat(512)],
]

const refused: [NameKind, string, RegExp][] = [
  ['PROJECT', '', /4 to 63/],
  ['PROJECT', 'abc', /4 to 63/],
  ['PROJECT', 'a'.repeat(64), /at most 63 characters; this one has 64/],
  ['PROJECT', '1iris', /starting with a letter/],
  ['PROJECT', 'my project', /4 to 63/],
  ['PROJECT', 'custo%', /4 to 63/],
  ['PROJECT', 'iris\n', /4 to 63/],
  ['PROJECT', 'análise', /4 to 63/],
  ['PROJECT', 'Information_Schema', /schema of the database/],
  ['BUCKET', 'iris', /<project>-<purpose>/],
  ['BUCKET', 'iris-other', /<project>-<purpose>/],
  ['BUCKET', 'iris-raw/../x', /<project>-<purpose>/],
  ['TABLE', 'select', /reserved word/],
  ['TABLE', 'Order', /reserved word/],
  ['TABLE', 'a-b', /unquoted SQL identifier/],
  ['TABLE', 'a'.repeat(64), /at most 63/],
  ['OBJECT_KEY', '', /1 to 1024 bytes/],
  ['OBJECT_KEY', '.', /not "\." or "\.\."/],
  ['OBJECT_KEY', '..', /not "\." or "\.\."/],
  ['OBJECT_KEY', 'a\0b', /NUL/],
  ['OBJECT_KEY', 'a\r\nb', /line breaks/],
  ['OBJECT_KEY', 'é'.repeat(513), /at most 1024 bytes; this one has 1026/],
  ['OBJECT_KEY', '\ud800', /valid Unicode/],
]

describe('the naming policy', () => {
  test.each(accepted)('lets a %s be named %j', (kind, name) => {
    expect(checkName(kind, name)).toEqual({ ok: true, reason: null, suggestion: null })
    expect(requireName(kind, name, 'input.name')).toBe(canonicalName(kind, name))
  })

  test.each(refused)('does not let a %s be named %j, and says why', (kind, name, reason) => {
    expect(checkName(kind, name)).toMatchObject({ ok: false, reason: expect.stringMatching(reason) })
    expect(() => requireName(kind, name, 'input.name')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'input.name' }),
    )
  })

  test.each(refused)('suggests for the %s %j nothing that it would refuse itself', (kind, name) => {
    const { suggestion } = checkName(kind, name)
    if (suggestion !== null) expect(checkName(kind, suggestion)).toMatchObject({ ok: true })
  })

  test('suggests what is near', () => {
    expect(checkName('PROJECT', 'Previsão de Vendas!').suggestion).toBe('previsao-de-vendas')
    expect(checkName('TABLE', 'order').suggestion).toBe('order_data')
    expect(checkName('TABLE', '2026 sales').suggestion).toBe('sales')
    expect(checkName('BUCKET', 'Iris Raw').suggestion).toBe('iris-raw')
    expect(checkName('OBJECT_KEY', 'a\nb').suggestion).toBe('a b')
  })

  test('lower-cases every name but tables and keys', () => {
    expect(nameKinds.filter((kind) => canonicalName(kind, 'ABC') === 'ABC')).toEqual(['OBJECT_KEY', 'TABLE'])
  })

  test('has one rule for each kind, whose example complies', () => {
    const rules = namingRules()
    expect(rules.map(({ kind }) => kind)).toEqual([...nameKinds])
    for (const { kind, example, pattern, maxLength } of rules) {
      expect(checkName(kind, example).ok).toBe(true)
      expect(example).toMatch(new RegExp(pattern, 'u'))
      expect(example.length).toBeLessThanOrEqual(maxLength)
    }
  })
})
