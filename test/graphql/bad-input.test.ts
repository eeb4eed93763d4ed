import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'
import { createGraphQLSchema } from '../../src/graphql-schema.js'
import { adminEmail, createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject } from '../seed.js'

let hub: TestHub
let schema: GraphQLSchema
let plain: DatabaseSync
let tables: string[]
/** What there is, by the names that cases use. */
let there: {
  project: string
  bucket: string
  foreignBucket: string
  objectId: string
  uploadId: string
  datasetId: string
  versionId: string
}

beforeAll(async () => {
  hub = await createTestHub()
  schema = await createGraphQLSchema()
  const project = (await seedProject(hub)).name
  const bucket = (await seedBucket(hub, project)).name
  const foreignBucket = (await seedBucket(hub, (await seedProject(hub)).name)).name
  await seedObject(hub, foreignBucket, 'rows.csv', 'a\n1\n')
  await seedObject(hub, bucket, 'unknown.bin', 'a\n1\n')
  const object = await seedObject(hub, bucket, 'rows.csv', 'a,b\n1,x\n2,y\n')
  const { createUpload } = await hub.data('mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id } }', {
    input: { bucket, key: 'sent.never', size: 10 },
  })
  const { createDataset } = await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
    input: { project, name: 'existing', object: { bucket, key: 'rows.csv' } },
  })
  const { saveModel } = await hub.data('mutation ($input: SaveModelInput!) { saveModel(input: $input) { id } }', {
    input: { project, model: 'existing', objects: [{ bucket, key: 'rows.csv' }] },
  })
  there = {
    project,
    bucket,
    foreignBucket,
    objectId: object.id,
    uploadId: createUpload.id,
    datasetId: createDataset.id,
    versionId: saveModel.id,
  }
  plain = new DatabaseSync(join(hub.home, 'catalog.db'), { readOnly: true })
  tables = plain
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name")
    .all()
    .map(({ name }) => String(name))
    // A login that fails is written down, and who asks is noted.
    .filter((name) => !['login_failures', 'sessions'].includes(name))
})
afterAll(async () => {
  plain.close()
  await hub.close()
})

/** All that the catalog and the lakehouse of the project hold. */
async function everything(): Promise<unknown> {
  const rows = tables.map((table) => [table, plain.prepare(`select * from "${table}"`).all()])
  const existing = await hub.datasources.lakehouse.select(
    { schema: there.project, sql: 'select * from existing order by 1, 2' },
    { limit: 100 },
  )
  const found = await hub.datasources.lakehouse.describeTables(there.project, ['existing', 'fresh_rows', 'made_of_it'])
  return { rows, existing, found }
}

const none = (prefix: string) => `${prefix}_${'0'.repeat(32)}`

/** Every operation with arguments that are right, so that one of them can be made wrong. */
const right: Record<string, { document: string; variables: () => Record<string, unknown> }> = {
  'Query.node': { document: 'query ($id: ID!) { node(id: $id) { id } }', variables: () => ({ id: there.objectId }) },
  'Query.nodes': { document: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: () => ({ ids: [there.objectId] }) },
  'Query.project': {
    document: 'query ($name: String!) { project(name: $name) { id } }',
    variables: () => ({ name: there.project }),
  },
  'Query.projects': {
    document: 'query ($first: Int, $after: String) { projects(first: $first, after: $after) { nodes { id } } }',
    variables: () => ({}),
  },
  'Project.buckets': {
    document:
      'query ($of: String!, $first: Int, $after: String) { project(name: $of) { buckets(first: $first, after: $after) { nodes { id } } } }',
    variables: () => ({ of: there.project }),
  },
  'Project.datasets': {
    document:
      'query ($of: String!, $first: Int, $after: String) { project(name: $of) { datasets(first: $first, after: $after) { nodes { id } } } }',
    variables: () => ({ of: there.project }),
  },
  'Project.deployments': {
    document:
      'query ($of: String!, $first: Int, $after: String) { project(name: $of) { deployments(first: $first, after: $after) { nodes { id } } } }',
    variables: () => ({ of: there.project }),
  },
  'ModelVersion.deployments': {
    document:
      'query ($of: ID!, $first: Int, $after: String) { node(id: $of) { ... on ModelVersion { deployments(first: $first, after: $after) { nodes { id } } } } }',
    variables: () => ({ of: there.versionId }),
  },
  ...Object.fromEntries(
    [
      ['Project', 'predictions', 'project'],
      ['Dataset', 'predictions', 'datasetId'],
      ['Dataset', 'predictionsFrom', 'datasetId'],
      ['ModelVersion', 'predictions', 'versionId'],
    ].map(([type, field, one]) => {
      const asked = `${field}(first: $first, after: $after) { nodes { id } }`
      const document =
        type === 'Project'
          ? `query ($of: String!, $first: Int, $after: String) { project(name: $of) { ${asked} } }`
          : `query ($of: ID!, $first: Int, $after: String) { node(id: $of) { ... on ${type} { ${asked} } } }`
      return [`${type}.${field}`, { document, variables: () => ({ of: there[one as keyof typeof there] }) }]
    }),
  ),
  'Query.bucket': {
    document: 'query ($name: String!) { bucket(name: $name) { id } }',
    variables: () => ({ name: there.bucket }),
  },
  'Bucket.object': {
    document: 'query ($of: String!, $key: String!) { bucket(name: $of) { object(key: $key) { id } } }',
    variables: () => ({ of: there.bucket, key: 'rows.csv' }),
  },
  'Bucket.objects': {
    document: `query ($of: String!, $first: Int, $after: String, $prefix: String, $delimiter: String) {
      bucket(name: $of) { objects(first: $first, after: $after, prefix: $prefix, delimiter: $delimiter) { nodes { id } } } }`,
    variables: () => ({ of: there.bucket }),
  },
  'StoredObject.downloadUrl': {
    document:
      'query ($of: ID!, $expiresIn: Int) { node(id: $of) { ... on StoredObject { downloadUrl(expiresIn: $expiresIn) } } }',
    variables: () => ({ of: there.objectId }),
  },
  'StoredObject.table': {
    document: `query ($of: ID!, $format: TableFormat, $limit: Int, $offset: BigInt) {
      node(id: $of) { ... on StoredObject { table(format: $format, limit: $limit, offset: $offset) { rows } } } }`,
    variables: () => ({ of: there.objectId }),
  },
  'Query.dataset': {
    document: 'query ($project: String!, $name: String!) { dataset(project: $project, name: $name) { id } }',
    variables: () => ({ project: there.project, name: 'existing' }),
  },
  'Dataset.preview': {
    document: 'query ($of: ID!, $limit: Int) { node(id: $of) { ... on Dataset { preview(limit: $limit) { rows } } } }',
    variables: () => ({ of: there.datasetId }),
  },
  'Dataset.usedBy': {
    document:
      'query ($of: ID!, $first: Int, $after: String) { node(id: $of) { ... on Dataset { usedBy(first: $first, after: $after) { nodes { id } } } } }',
    variables: () => ({ of: there.datasetId }),
  },
  'Query.executeSelect': {
    document: `query ($project: String!, $sql: String!, $params: JSON, $limit: Int) {
      executeSelect(project: $project, sql: $sql, params: $params, limit: $limit) { rows } }`,
    variables: () => ({ project: there.project, sql: 'select 1' }),
  },
  'Table.downloadUrl': {
    document: `query ($of: String!, $format: TableFormat, $expiresIn: Int) {
      executeSelect(project: $of, sql: "select 1") { downloadUrl(format: $format, expiresIn: $expiresIn) } }`,
    variables: () => ({ of: there.project }),
  },
  'NamingPolicy.check': {
    document: 'query ($kind: NameKind!, $name: String!) { namingPolicy { check(kind: $kind, name: $name) { ok } } }',
    variables: () => ({ kind: 'PROJECT', name: 'iris' }),
  },
  'Mutation.login': {
    document: 'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token } }',
    variables: () => ({ email: 'nobody@example.com', password: 'a password of nobody' }),
  },
  'Mutation.createUser': {
    document: 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }',
    variables: () => ({ input: { email: 'new@example.com', password: 'a long enough password' } }),
  },
  'Mutation.createAccessKey': {
    document: 'mutation ($input: CreateAccessKeyInput!) { createAccessKey(input: $input) { secret } }',
    variables: () => ({ input: { name: 'new' } }),
  },
  'Mutation.revokeAccessKey': {
    document: 'mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }',
    variables: () => ({ id: none('key') }),
  },
  'Mutation.createProject': {
    document: 'mutation ($input: CreateProjectInput!) { createProject(input: $input) { id } }',
    variables: () => ({ input: { name: 'never-made' } }),
  },
  'Mutation.setProjectMember': {
    document:
      'mutation ($project: String!, $email: String!, $role: Role) { setProjectMember(project: $project, email: $email, role: $role) { id } }',
    variables: () => ({ project: there.project, email: adminEmail, role: 'OWNER' }),
  },
  'Mutation.createBucket': {
    document: 'mutation ($input: CreateBucketInput!) { createBucket(input: $input) { id } }',
    variables: () => ({ input: { project: there.project, purpose: 'RAW', name: `${there.project}-raw-new` } }),
  },
  'Mutation.createUpload': {
    document: 'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id } }',
    variables: () => ({ input: { bucket: there.bucket, key: 'new', size: 3 } }),
  },
  'Mutation.completeUpload': {
    document: 'mutation ($id: ID!, $sha256: String) { completeUpload(id: $id, sha256: $sha256) { id } }',
    variables: () => ({ id: there.uploadId }),
  },
  'Mutation.abandonUpload': {
    document: 'mutation ($id: ID!) { abandonUpload(id: $id) }',
    variables: () => ({ id: there.uploadId }),
  },
  'Mutation.deleteObject': {
    document: 'mutation ($bucket: String!, $key: String!) { deleteObject(bucket: $bucket, key: $key) }',
    variables: () => ({ bucket: there.bucket, key: 'nothing' }),
  },
  'Mutation.createDataset': {
    document: 'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }',
    variables: () => ({ input: { project: there.project, name: 'fresh-rows', sql: 'select 1 as a' } }),
  },
  'Mutation.deleteDataset': {
    document: 'mutation ($id: ID!) { deleteDataset(id: $id) }',
    variables: () => ({ id: there.datasetId }),
  },
  'Mutation.executeDml': {
    document: 'mutation ($input: ExecuteDmlInput!) { executeDml(input: $input) { rowsAffected } }',
    variables: () => ({ input: { project: there.project, sql: 'insert into existing values (?, ?)', params: [3, 'z'] } }),
  },
}

/** Operation and argument, a wrong value, what else is needed for it, and what is said of it. */
interface Case {
  at: string
  value: () => unknown
  code: string
  /** Where it is not the argument itself. Null: none. */
  field?: string | null
  /** Changes to the arguments that are right. */
  others?: () => Record<string, unknown>
  message?: RegExp
}

const bad = (at: string, value: unknown, code = 'BAD_USER_INPUT', more: Partial<Case> = {}): Case => ({
  at,
  value: typeof value === 'function' ? (value as () => unknown) : () => value,
  code,
  ...more,
})
const each = (at: string, values: unknown[], code?: string, more?: Partial<Case>) =>
  values.map((value) => bad(at, value, code, more))

const badNames = ['', 'abc', '1abc', 'a b c', 'a/bcd', `a${'b'.repeat(63)}`, 'abcd\0', 'abc\ud800', '../../etc', 'ação']
const badCursors = ['', 'x', '!!', Buffer.from('[1]').toString('base64url'), Buffer.from('{}').toString('base64url')]
const badTexts = ['a\0b', 'half a \ud800 character']
const nowhere = 'nobody-has-it'
const withObject = (object: () => object) => ({ others: () => ({ sql: null, object: object() }) })
const ofTheObject = withObject(() => ({ bucket: there.bucket, key: 'rows.csv' }))
const anotherObject = (key: string, format?: string) => withObject(() => ({ bucket: there.bucket, key, format }))

const cases: Case[] = [
  ...each('Query.nodes.ids', [Array.from({ length: 501 }, () => 'obj_x')]),
  ...each('Query.projects.first', [0, -1, 501]),
  ...each('Query.projects.after', badCursors),
  ...each('Project.buckets.first', [0, -1, 501]),
  ...each('Project.buckets.after', badCursors),
  ...each('Project.datasets.first', [0, -1, 501]),
  ...each('Project.datasets.after', badCursors),
  ...each('Project.deployments.first', [0, -1, 501]),
  ...each('Project.deployments.after', badCursors),
  ...each('ModelVersion.deployments.first', [0, -1, 501]),
  ...each('ModelVersion.deployments.after', badCursors.slice(0, 3)),
  ...['Project.predictions', 'Dataset.predictions', 'Dataset.predictionsFrom', 'ModelVersion.predictions'].flatMap((list) => [
    ...each(`${list}.first`, [0, -1, 501]),
    ...each(`${list}.after`, badCursors.slice(0, 3)),
  ]),
  ...each('Bucket.objects.first', [0, -1, 1001]),
  ...each('Bucket.objects.after', badCursors),
  ...each('Bucket.objects.delimiter', ['', '//', '\0', '\u{10ffff}', '\ud800']),
  ...each('StoredObject.downloadUrl.expiresIn', [0, -1, 86_401]),
  ...each('StoredObject.table.limit', [-1, 10_001]),
  ...each('StoredObject.table.offset', [-1, '9007199254740993', '-99999999999999999999']),
  bad('StoredObject.table.format', 'PARQUET', undefined, { message: /rows\.csv|Parquet/i }),
  bad('StoredObject.table.format', 'ARROW'),
  bad('StoredObject.table.format', 'JSON'),
  ...each('Dataset.preview.limit', [-1, 10_001]),
  ...each('Dataset.usedBy.first', [0, -1, 501]),
  ...each('Dataset.usedBy.after', badCursors.slice(0, 3)),
  bad('Query.executeSelect.project', nowhere, 'NOT_FOUND'),
  bad('Query.executeSelect.project', '', 'NOT_FOUND'),
  ...each('Query.executeSelect.sql', ['', ';', 'selec 1', 'select 1; select 2', 'delete from existing', 'select nothing', 'a\0']),
  bad('Query.executeSelect.params', 1),
  bad('Query.executeSelect.params', 'text'),
  bad('Query.executeSelect.params', true),
  bad('Query.executeSelect.params', [1, 2], undefined, { message: /param/i }),
  bad('Query.executeSelect.params', { a: 1 }),
  ...each('Query.executeSelect.limit', [-1, 10_001]),
  ...each('Table.downloadUrl.expiresIn', [0, -1, 86_401]),
  bad('Mutation.login.password', 'not the password', 'UNAUTHENTICATED', { field: null, others: () => ({ email: adminEmail }) }),
  bad('Mutation.login.email', 'nobody@example.com', 'UNAUTHENTICATED', { field: null }),
  ...each('Mutation.createUser.input.email', ['', 'no-address', `${'a'.repeat(250)}@example.com`, 'a\0@example.com']),
  bad('Mutation.createUser.input.email', adminEmail.toUpperCase(), 'CONFLICT'),
  ...each('Mutation.createUser.input.password', ['', 'short', 'x'.repeat(1025)]),
  ...each('Mutation.createUser.input.name', ['x'.repeat(201), ...badTexts]),
  ...each('Mutation.createAccessKey.input.name', ['', '  ', 'x'.repeat(101), ...badTexts]),
  bad('Mutation.createAccessKey.input.project', nowhere, 'NOT_FOUND'),
  bad('Mutation.createAccessKey.input.expiresAt', '2001-01-01T00:00:00Z'),
  ...each('Mutation.revokeAccessKey.id', ['', 'x', none('key')], 'NOT_FOUND'),
  ...each('Mutation.createProject.input.name', badNames),
  bad('Mutation.createProject.input.name', () => there.project.toUpperCase(), 'CONFLICT'),
  ...each('Mutation.createProject.input.description', ['x'.repeat(10_001), ...badTexts]),
  bad('Mutation.setProjectMember.project', nowhere, 'NOT_FOUND'),
  ...each('Mutation.setProjectMember.email', ['', 'nobody', 'nobody@example.com', 'a\0'], 'NOT_FOUND'),
  bad('Mutation.setProjectMember.role', null, 'PRECONDITION_FAILED'),
  bad('Mutation.setProjectMember.role', 'VIEWER', 'PRECONDITION_FAILED'),
  bad('Mutation.createBucket.input.project', nowhere, 'NOT_FOUND'),
  ...each('Mutation.createBucket.input.name', [...badNames, 'iris-raw', 'nobody-has-raw']),
  bad('Mutation.createBucket.input.name', () => `${there.project}-features`),
  bad('Mutation.createBucket.input.name', () => `${there.project}-rawer`),
  bad('Mutation.createBucket.input.name', () => there.bucket, 'CONFLICT'),
  bad('Mutation.createBucket.input.name', null, 'CONFLICT'),
  bad('Mutation.createBucket.input.purpose', 'TEMP', undefined, { field: 'input.name' }),
  ...each('Mutation.createUpload.input.bucket', ['', nowhere, 'a\0'], 'NOT_FOUND'),
  ...each('Mutation.createUpload.input.key', ['', '.', '..', 'a\0', 'a\nb', 'a\rb', 'é'.repeat(513), '\ud800']),
  ...each('Mutation.createUpload.input.size', [-1, '-1', 10 * 2 ** 40 + 1, '99999999999999999999999']),
  ...each('Mutation.createUpload.input.contentType', ['', 'csv', 'text/', '/csv', 'text/csv\r\nx: y', `text/${'x'.repeat(200)}`]),
  ...each('Mutation.createUpload.input.sha256', ['', 'x', 'a'.repeat(63), 'g'.repeat(64), `${'a'.repeat(64)}\n`]),
  ...each('Mutation.completeUpload.id', ['', 'x', none('upl')], 'NOT_FOUND'),
  bad('Mutation.completeUpload.id', () => there.uploadId, 'PRECONDITION_FAILED', { message: /part/, field: null }),
  ...each('Mutation.completeUpload.sha256', ['', 'x', 'a'.repeat(63), 'g'.repeat(64)]),
  ...each('Mutation.abandonUpload.id', ['', 'x', none('upl')], 'NOT_FOUND'),
  ...each('Mutation.deleteObject.bucket', ['', nowhere, 'a\0'], 'NOT_FOUND'),
  bad('Mutation.createDataset.input.project', nowhere, 'NOT_FOUND'),
  ...each('Mutation.createDataset.input.name', [...badNames, 'select', 'table']),
  bad('Mutation.createDataset.input.name', 'Existing', 'CONFLICT'),
  bad('Mutation.createDataset.input.name', nowhere, 'NOT_FOUND', { others: () => ({ mode: 'APPEND' }) }),
  ...each('Mutation.createDataset.input.description', ['x'.repeat(10_001), ...badTexts]),
  bad('Mutation.createDataset.input.sql', null, undefined, { field: 'input', message: /exactly one/ }),
  ...each('Mutation.createDataset.input.sql', ['', ';', 'selec 1', 'delete from existing', 'select nothing', 'a\0', 'select ?']),
  bad('Mutation.createDataset.input.sql', "select * from read_csv('/etc/passwd')"),
  bad('Mutation.createDataset.input.table', 'existing', undefined, { field: 'input', message: /exactly one/ }),
  ...each('Mutation.createDataset.input.table', ['', nowhere, 'a"b', 'a\0', '../x'], 'NOT_FOUND', {
    others: () => ({ sql: null }),
  }),
  bad('Mutation.createDataset.input.table', 'existing', 'CONFLICT', { others: () => ({ sql: null }), field: 'input.table' }),
  bad('Mutation.createDataset.input.table', 'EXISTING', 'CONFLICT', { others: () => ({ sql: null }), field: 'input.table' }),
  bad('Mutation.createDataset.input.mode', 'REPLACE', undefined, {
    others: () => ({ name: 'existing', sql: null, table: 'existing' }),
  }),
  bad('Mutation.createDataset.input.mode', 'CREATE', 'CONFLICT', { others: () => ({ name: 'existing' }), field: 'input.name' }),
  bad('Mutation.createDataset.input.object', () => ({ bucket: there.bucket, key: 'rows.csv' }), undefined, { field: 'input' }),
  ...each('Mutation.createDataset.input.object.bucket', ['', nowhere, 'a\0'], 'NOT_FOUND', ofTheObject),
  bad('Mutation.createDataset.input.object.bucket', () => there.foreignBucket, undefined, ofTheObject),
  ...each('Mutation.createDataset.input.object.key', ['', 'nothing', 'a\0', '\ud800'], 'NOT_FOUND', ofTheObject),
  bad('Mutation.createDataset.input.object.format', 'PARQUET', undefined, ofTheObject),
  bad('Mutation.createDataset.input.object.format', 'ARROW', undefined, ofTheObject),
  bad('Mutation.createDataset.input.object.format', undefined, undefined, anotherObject('unknown.bin')),
  ...each('Mutation.deleteDataset.id', ['', 'x', none('dst')], 'NOT_FOUND'),
  bad('Mutation.deleteDataset.id', () => there.objectId, 'NOT_FOUND'),
  bad('Mutation.executeDml.input.project', nowhere, 'NOT_FOUND'),
  ...each('Mutation.executeDml.input.sql', ['', 'insert', 'insert into nothing values (?, ?)', 'drop table existing', 'a\0']),
  bad('Mutation.executeDml.input.sql', 'select ?, ?'),
  bad('Mutation.executeDml.input.sql', 'insert into existing values (?, ?) returning a'),
  ...each('Mutation.executeDml.input.params', [1, 'text', [1], [1, 2, 3], { a: 1 }, []]),
  bad('Mutation.executeDml.input.params', ['no number', 'z'], undefined, { field: 'input.sql' }),
  bad('Mutation.executeDml.input.batch', [[3, 'z']], undefined, { message: /not both/ }),
  ...each('Mutation.executeDml.input.batch', [[], [1], ['text'], [[3, 'z'], [4]], [[3, 'z'], { a: 1 }]], undefined, {
    others: () => ({ params: null }),
  }),
  bad(
    'Mutation.executeDml.input.batch',
    Array.from({ length: 100_001 }, () => []),
    undefined,
    { others: () => ({ params: null }) },
  ),
  bad(
    'Mutation.executeDml.input.batch',
    [
      [3, 'z'],
      ['no number', 'z'],
    ],
    undefined,
    {
      others: () => ({ params: null }),
      field: 'input.sql',
    },
  ),
]

/** What cannot be wrong in itself: it finds nothing, and that is an answer. */
const findsNothing: [at: string, values: unknown[], answer: unknown][] = [
  ['Query.node.id', ['', 'x', 'obj_', none('obj'), 'a\0', '\ud800', 'x'.repeat(100_000)], { node: null }],
  ['Query.project.name', ['', nowhere, 'a\0', '\ud800'], { project: null }],
  ['Query.bucket.name', ['', nowhere, 'a\0', '\ud800'], { bucket: null }],
  ['Query.dataset.project', ['', nowhere, 'a\0'], { dataset: null }],
  ['Query.dataset.name', ['', nowhere, 'a\0'], { dataset: null }],
  ['Bucket.object.key', ['', nowhere, '..', '../rows.csv', 'a\0', '\ud800', 'x'.repeat(100_000)], { bucket: { object: null } }],
  [
    'Bucket.objects.prefix',
    [nowhere, 'a\0', '\ud800', '\u{10ffff}', 'x'.repeat(100_000)],
    { bucket: { objects: { nodes: [] } } },
  ],
  ['Mutation.deleteObject.key', ['', nowhere, '..', 'a\0', '\ud800'], { deleteObject: false }],
  ['NamingPolicy.check.name', ['', 'a', 'a\0', '\ud800'], { namingPolicy: { check: { ok: false } } }],
]

/** Arguments whose only wrong values are of another type: every argument is sent those below. */
const onlyTyped: Record<string, string> = {
  'NamingPolicy.check.kind': 'any kind has its rule',
  'Table.downloadUrl.format': 'every format can be written',
  'Mutation.createUser.input.isAdmin': 'true and false are both right',
  'Mutation.createAccessKey.input.role': 'whoever may ask has every role; test/access/access-keys.test.ts gives a lesser one',
}

/** Wrong values of these are in other files. A prefix of paths, and the file. */
const elsewhere: [prefix: string, file: string, mentions: string][] = [
  ['Mutation.importBucket.', 'test/graphql/import-bucket.test.ts', 'importBucket('],
  ['Mutation.syncBucket.', 'test/graphql/import-bucket.test.ts', 'syncBucket('],
  ['Query.experiment.', 'test/graphql/experiments.test.ts', 'experiment('],
  ['Project.experiments.', 'test/graphql/experiments.test.ts', 'experiments('],
  ['Experiment.runs.', 'test/graphql/experiments.test.ts', 'runs('],
  ['Experiment.bestRun.', 'test/graphql/experiments.test.ts', 'bestRun'],
  ['Mutation.createExperiment.', 'test/graphql/experiments.test.ts', 'createExperiment'],
  ['Mutation.updateExperiment.', 'test/graphql/experiments.test.ts', 'updateExperiment'],
  ['Run.children.', 'test/graphql/runs.test.ts', 'children'],
  ['Run.artifacts.', 'test/graphql/runs.test.ts', 'artifacts'],
  ['Run.metric', 'test/graphql/metrics.test.ts', 'metricHistory'],
  ['Run.param.', 'test/graphql/runs.test.ts', 'param'],
  ['Mutation.createRun.', 'test/graphql/runs.test.ts', 'createRun'],
  ['Mutation.logBatch.', 'test/graphql/runs.test.ts', 'logBatch'],
  ['Mutation.finishRun.', 'test/graphql/runs.test.ts', 'finishRun'],
  ['Mutation.setRunLifecycle.', 'test/graphql/runs.test.ts', 'setRunLifecycle'],
  ['Subscription.metricLogged.', 'test/graphql/metrics.test.ts', 'metricLogged'],
  ['Query.model.', 'test/graphql/models.test.ts', 'model('],
  ['Query.modelVersion.', 'test/graphql/models-bad-input.test.ts', 'modelVersion('],
  ['Project.models.', 'test/graphql/models.test.ts', 'models('],
  ['Model.', 'test/graphql/models-bad-input.test.ts', 'versions('],
  ['ModelVersion.downloadUrl.', 'test/graphql/models-download.test.ts', 'downloadUrl(expiresIn'],
  ['Mutation.saveModel.', 'test/graphql/models-bad-input.test.ts', 'saveModel'],
  ['Mutation.transitionModelVersion.', 'test/graphql/models-bad-input.test.ts', 'transitionModelVersion'],
  ['Mutation.setModelAlias.', 'test/graphql/models-bad-input.test.ts', 'setModelAlias'],
  ['Mutation.updateModel', 'test/graphql/models-bad-input.test.ts', 'updateModel'],
  ['Mutation.deleteModelVersion.', 'test/graphql/models-bad-input.test.ts', 'deleteModelVersion'],
  ['Subscription.modelVersionChanged.', 'test/graphql/models.test.ts', 'modelVersionChanged'],
  ['Project.pipelineRuns.', 'test/graphql/pipeline-runs.test.ts', 'pipelineRuns('],
  ['PipelineRun.', 'test/graphql/pipeline-runs.test.ts', 'events('],
  ['PipelineStep.', 'test/graphql/pipeline-runs.test.ts', 'logs('],
  ['Mutation.runDeployment.', 'test/graphql/pipeline-runs.test.ts', 'runDeployment'],
  ['Mutation.cancelPipelineRun.', 'test/graphql/pipeline-runs.test.ts', 'cancelPipelineRun'],
  ['Mutation.retryPipelineRun.', 'test/graphql/pipeline-runs.test.ts', 'retryPipelineRun'],
  ['Mutation.reportStep.', 'test/graphql/pipeline-runs.test.ts', 'reportStep'],
  ['Deployment.', 'test/graphql/deployments.test.ts', 'pipelineRuns('],
  ['Query.deployment.', 'test/graphql/deployments-bad-input.test.ts', 'deployment('],
  ['Query.scriptTemplate.', 'test/graphql/deployments-bad-input.test.ts', 'scriptTemplate'],
  ['Mutation.deploy.', 'test/graphql/deployments-bad-input.test.ts', 'deploy('],
  ['Mutation.deployYaml.', 'test/graphql/deployments-bad-input.test.ts', 'deployYaml'],
  ['Mutation.setSchedule.', 'test/graphql/deployments-bad-input.test.ts', 'setSchedule'],
  ['Mutation.deleteDeployment.', 'test/graphql/deployments-bad-input.test.ts', 'deleteDeployment'],
  ['Subscription.pipeline', 'test/graphql/pipeline-runs-live.test.ts', 'pipelineEvents'],
  ['Prediction.preview.', 'test/graphql/predictions-bad-input.test.ts', 'preview('],
  ['Mutation.savePredictions.', 'test/graphql/predictions-bad-input.test.ts', 'savePredictions'],
  ['Mutation.predict.', 'test/graphql/predict.test.ts', 'input.rows'],
]

const title = ({ at, value }: Case): string => {
  const shown = value.toString().startsWith('() => there') ? value.toString() : JSON.stringify(safely(value))
  return `${at}: ${shown === undefined ? 'absent' : shown.slice(0, 50)}`
}
const safely = (value: () => unknown): unknown => {
  try {
    return value()
  } catch {
    return '…'
  }
}

function argumentsOf({ at, value, others }: Pick<Case, 'at' | 'value' | 'others'>) {
  const [type, field, ...path] = at.split('.')
  const { document, variables } = right[`${type}.${field}`]!
  const given = variables()
  Object.assign((given['input'] as object) ?? given, others?.())
  let target = given
  for (const step of path.slice(0, -1)) target = target[step] as Record<string, unknown>
  target[path.at(-1)!] = value()
  return { document, given, argument: path.join('.'), writes: type === 'Mutation' }
}

describe('a wrong value is refused by its code and its argument, and nothing is written', () => {
  test.each(cases.map((one) => [title(one), one] as const))('%s', async (_, one) => {
    const { document, given, argument, writes } = argumentsOf(one)
    const before = writes && (await everything())
    const error = await hub.error(document, given)
    const field = one.field === undefined ? argument : one.field
    expect({ code: error.extensions.code, field: error.extensions.field ?? null, message: error.message }).toEqual({
      code: one.code,
      field,
      message: one.message ? expect.stringMatching(one.message) : expect.any(String),
    })
    // Told to people: in words, and without what is only known here.
    expect(error.message).not.toMatch(/\/tmp|dhuo-test|node_modules|\.db\b|undefined|\[object/)
    if (writes) expect(await everything()).toEqual(before)
  })
})

describe('what is nowhere is nothing, and no error', () => {
  const flat = findsNothing.flatMap(([at, values, answer]) => values.map((value) => [at, value, answer] as const))
  test.each(flat.map(([at, value, answer]) => [at, JSON.stringify(value).slice(0, 30), value, answer] as const))(
    '%s: %s',
    async (at, _, value, answer) => {
      const { document, given, writes } = argumentsOf({ at, value: () => value })
      const before = writes && (await everything())
      expect(await hub.data(document, given)).toEqual(answer)
      if (writes) expect(await everything()).toEqual(before)
    },
  )
})

/** An argument or a field of an input, and everything below it. */
interface Place {
  path: string
  type: GraphQLInputType
}

function placesBelow(path: string, type: GraphQLInputType, seen: readonly string[] = []): Place[] {
  const named = getNamedType(type)
  const below =
    isInputObjectType(named) && !seen.includes(named.name)
      ? Object.values(named.getFields()).flatMap((field) =>
          placesBelow(`${path}.${field.name}`, field.type, [...seen, named.name]),
        )
      : []
  return isInputObjectType(named) && below.length > 0 && path.endsWith('.input') ? below : [{ path, type }, ...below]
}

const fieldsWithArguments = (): { owner: string; field: GraphQLField<unknown, unknown> }[] =>
  Object.values(schema.getTypeMap())
    .filter((type) => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__'))
    .flatMap((type) =>
      Object.values((type as unknown as { getFields(): Record<string, GraphQLField<unknown, unknown>> }).getFields())
        .filter(({ args }) => args.length > 0)
        .map((field) => ({ owner: type.name, field })),
    )

test('every argument of every field, and every field of every input, has a wrong value here or in a file that is named', () => {
  const here = new Set([...cases.map(({ at }) => at), ...findsNothing.map(([at]) => at), ...Object.keys(onlyTyped)])
  const places = fieldsWithArguments().flatMap(({ owner, field }) =>
    field.args.flatMap((argument) => placesBelow(`${owner}.${field.name}.${argument.name}`, argument.type)),
  )
  const missing = places.filter(({ path }) => !here.has(path) && !elsewhere.some(([prefix]) => `${path}.`.startsWith(prefix)))
  expect(missing.map(({ path }) => path)).toEqual([])
  expect([...here].filter((at) => !places.some(({ path }) => path === at))).toEqual([])

  const root = join(import.meta.dirname, '..', '..')
  for (const [prefix, file, mentions] of elsewhere) {
    const lacks = !existsSync(join(root, file)) || !readFileSync(join(root, file), 'utf8').includes(mentions)
    expect(lacks ? `${file} has nothing of ${mentions} for ${prefix}` : null).toBeNull()
  }
})

/** Something of the right type. */
function exampleOf(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return exampleOf(type.ofType)
  if (isListType(type)) return [exampleOf(type.ofType)]
  if (isEnumType(type)) return type.getValues()[0]!.name
  if (isInputObjectType(type))
    return Object.fromEntries(
      Object.values(type.getFields())
        .filter(isRequiredInputField)
        .map((field) => [field.name, exampleOf(field.type)]),
    )
  const scalars: Record<string, unknown> = { Int: 1, Float: 1, Boolean: true, DateTime: '2026-01-01T00:00:00Z', BigInt: 1 }
  return type.name === 'MetricInput' ? { key: 'k', value: 1 } : (scalars[type.name] ?? 'text')
}

/** Values of another type. */
function wrongOf(type: GraphQLInputType): unknown[] {
  if (isNonNullType(type)) return [null, ...wrongOf(type.ofType)]
  // One value stands for a list of one: graphql-js takes it.
  if (isListType(type)) return wrongOf(type.ofType).filter((value) => value !== null)
  if (isEnumType(type)) return ['NO_SUCH_VALUE', 7, { a: 1 }]
  if (isInputObjectType(type)) return [7, 'text', { noSuchField: 1 }]
  const wrong: Record<string, unknown[]> = {
    String: [7, { a: 1 }, true],
    ID: [{ a: 1 }, true, 1.5],
    Int: ['1', 1.5, 2 ** 31, true],
    Float: ['1', true],
    Boolean: ['true', 1],
    BigInt: ['1.5', 1.5, 'x', true, { a: 1 }, '1e3', '', '0x10', 1e300],
    DateTime: ['yesterday', 7, '2026-13-01T00:00:00Z', '2026-01-01', '2026-01-01T00:00:00'],
    MetricInput: [7, 'text', {}],
    JSON: [],
  }
  if (!(type.name in wrong)) throw new Error(`no wrong value is known of the scalar ${type.name}`)
  return wrong[type.name]!
}

/** Every way to put one wrong value into one argument, with a path as the server names it. */
function* wrongArguments(argument: GraphQLArgument): Generator<{ path: string; value: unknown }> {
  for (const value of wrongOf(argument.type)) yield { path: argument.name, value }
  yield* inside(argument.type, argument.name, (value) => value, [])
}

function* inside(
  type: GraphQLInputType,
  path: string,
  wrap: (value: unknown) => unknown,
  seen: readonly string[],
): Generator<{ path: string; value: unknown }> {
  if (isNonNullType(type)) return yield* inside(type.ofType, path, wrap, seen)
  if (isListType(type)) return yield* inside(type.ofType, `${path}[0]`, (value) => wrap([value]), seen)
  if (!isInputObjectType(type) || seen.includes(type.name)) return
  const example = exampleOf(type) as object
  for (const field of Object.values(type.getFields())) {
    const within = (value: unknown) => wrap({ ...example, [field.name]: value })
    for (const value of wrongOf(field.type)) yield { path: `${path}.${field.name}`, value: within(value) }
    yield* inside(field.type, `${path}.${field.name}`, within, [...seen, type.name])
  }
}

test('a value of another type is refused by its argument, for every argument there is, before anything runs', async () => {
  const before = await everything()
  let tried = 0
  const wrong: unknown[] = []
  for (const { owner, field } of fieldsWithArguments()) {
    if (owner === 'Subscription') continue
    const isRoot = owner === 'Query' || owner === 'Mutation'
    const type = getNamedType(field.type)
    const selection = isObjectType(type) || isInterfaceType(type) ? '{ __typename }' : ''
    for (const argument of field.args)
      for (const { path, value } of wrongArguments(argument)) {
        const required = field.args.filter((other) => other !== argument && isRequiredArgument(other))
        const declared = [argument, ...required].map(({ name, type }) => `$${name}: ${type}`).join(', ')
        const asked = `${field.name}(${[argument, ...required].map(({ name }) => `${name}: $${name}`).join(', ')}) ${selection}`
        const around: Record<string, string> = {
          Table: `executeSelect(project: "x", sql: "x") { ${asked} }`,
          NamingPolicy: `namingPolicy { ${asked} }`,
        }
        const body = isRoot ? asked : (around[owner] ?? `node(id: "x") { ... on ${owner} { ${asked} } }`)
        const variables = Object.fromEntries(required.map(({ name, type }) => [name, exampleOf(type)]))
        const answer = await hub.execute(`${owner === 'Mutation' ? 'mutation' : 'query'} (${declared}) { ${body} }`, {
          ...variables,
          [argument.name]: value,
        })
        tried++
        const { code, field: named } = answer.errors?.[0]?.extensions ?? {}
        // A field that is not there is named by what it is not in.
        const rightField = named === path || (named !== undefined && path.startsWith(String(named).replace(/\.\w+$/, '')))
        const tooMuch = code === 'QUERY_TOO_COMPLEX' && value === 2 ** 31
        if (answer.data != null || !(tooMuch || (code === 'BAD_USER_INPUT' && rightField)))
          wrong.push({ at: `${owner}.${field.name}`, path, value, answer })
      }
  }
  expect(wrong).toEqual([])
  expect(tried).toBeGreaterThan(500)
  expect(await everything()).toEqual(before)
}, 60_000)
