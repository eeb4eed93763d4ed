import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '..', '..')

type Kind = 'value' | 'type' | 'dynamic'
/** One import: which file has it, what it names (a file of src or a package), how. */
type Import = readonly [from: string, to: string, kind?: Kind]

/** One violation at least for every rule. */
const violations: Record<string, readonly Import[]> = {
  'no-cycle': [['src/operations/egg.ts', 'src/operations/hen.ts', 'type']],
  'no-orphan': [['src/operations/alone.ts', '']],
  'adapters-are-private': [
    ['src/resolvers/a-resolver.ts', 'src/datasources/storage/local-object-storage.ts', 'type'],
    ['src/main.ts', 'src/datasources/lakehouse/duckdb-lakehouse.ts'],
    ['src/doctor/other.ts', 'src/datasources/storage/local-storage-diagnosis.ts', 'dynamic'],
  ],
  'pubsub-targets-are-private': [['src/graphql-schema.ts', 'src/pubsub/redis-events.ts']],
  'ports-are-strangers': [
    ['src/datasources/lakehouse/duckdb-files.ts', 'src/datasources/storage/object-storage.ts', 'type'],
    ['src/datasources/storage/local-rows.ts', 'src/datasources/catalog/run-store.ts', 'type'],
    ['src/datasources/catalog/c-store.ts', 'src/datasources/lakehouse/lakehouse.ts'],
  ],
  'oci-is-for-oci-adapters': [['src/datasources/storage/local-signing.ts', 'src/datasources/oci/oci-client.ts']],
  'adapters-load-lazily': [
    ['src/datasources/datasources.ts', 'src/datasources/lakehouse/duckdb-lakehouse.ts'],
    ['src/doctor/backend-diagnoses.ts', 'src/datasources/lakehouse/duckdb-lakehouse-diagnosis.ts'],
  ],
  'src-stands-alone': [
    ['src/operations/from-test.ts', 'test/hub.ts', 'type'],
    ['src/operations/from-bench.ts', 'bench/rows.ts'],
    ['src/operations/from-codegen.ts', 'codegen/plugin.ts', 'dynamic'],
  ],
  'client-stands-alone': [
    ['codegen/typescript/src/a.ts', 'src/errors.ts', 'type'],
    ['codegen/typescript/src/a.ts', 'codegen/plugins/plugin.ts'],
  ],
  'client-runs-in-browsers': [['codegen/typescript/src/b.ts', 'fs']],
  'client-entries-choose': [
    ['codegen/typescript/src/b.ts', 'codegen/typescript/src/node-platform.ts', 'dynamic'],
    ['codegen/typescript/src/b.ts', 'codegen/typescript/src/cli/deploy.ts'],
  ],
  'client-needs-no-package': [['codegen/typescript/src/c.ts', 'graphql', 'type']],
  resolves: [['src/operations/lost.ts', './nowhere.js']],
  'no-dev-dependency-in-src': [['src/operations/swift.ts', '@swc/core']],
  'vendor-without-home': [['src/operations/homeless.ts', 'semver']],
  'layer-foundation': [
    ['src/errors.ts', 'src/datasources/storage/object-storage.ts', 'type'],
    ['src/config.ts', 'src/datasources/lakehouse/lakehouse.ts', 'type'],
  ],
  'layer-plain-rules': [['src/naming-rules.ts', 'src/datasources/catalog/run-store.ts', 'type']],
  'layer-datasources': [
    ['src/datasources/catalog/named-store.ts', 'src/naming-rules.ts'],
    ['src/datasources/storage/local-upward.ts', 'src/operations/leaf.ts', 'type'],
    ['src/datasources/catalog/upward-store.ts', 'src/context.ts', 'type'],
  ],
  'layer-pubsub': [['src/pubsub/upward.ts', 'src/datasources/catalog/run-store.ts', 'type']],
  'layer-operations': [
    ['src/operations/o1.ts', 'src/schema/a.ts', 'type'],
    ['src/operations/o2.ts', 'src/resolvers/b-resolver.ts'],
    ['src/operations/o3.ts', 'src/datasources/storage/local-object-storage.ts', 'dynamic'],
    ['src/operations/o4.ts', 'src/context.ts', 'type'],
    ['src/operations/o5.ts', 'src/config.ts', 'type'],
  ],
  'layer-schema': [
    ['src/schema/c.ts', 'src/schema/a.ts', 'type'],
    ['src/schema/d.ts', 'src/resolvers/b-resolver.ts'],
    ['src/schema/e.ts', 'src/operations/leaf.ts'],
  ],
  'layer-resolvers': [
    ['src/resolvers/c-resolver.ts', 'src/resolvers/b-resolver.ts'],
    ['src/resolvers/d-resolver.ts', 'src/config.ts', 'type'],
    ['src/resolvers/e-resolver.ts', 'src/pubsub/memory-events.ts'],
    ['src/resolvers/f-resolver.ts', 'src/http/routes.ts', 'type'],
  ],
  'layer-resolver-list': [['src/resolvers/index.ts', 'src/operations/leaf.ts']],
  'layer-access-and-context': [
    ['src/loaders.ts', 'src/operations/leaf.ts'],
    ['src/access.ts', 'src/schema/a.ts', 'type'],
  ],
  'layer-graphql-schema': [['src/graphql-schema.ts', 'src/operations/leaf.ts']],
  'layer-http': [
    ['src/http/upward.ts', 'src/server.ts', 'type'],
    ['src/http/sideways.ts', 'src/operations/leaf.ts'],
    ['src/http/entity.ts', 'src/resolvers/b-resolver.ts'],
  ],
  'layer-file-access': [
    ['src/file-access.ts', 'src/resolvers/b-resolver.ts'],
    ['src/file-access.ts', 'src/config.ts', 'type'],
  ],
  'layer-server': [
    ['src/server.ts', 'src/resolvers/b-resolver.ts'],
    ['src/server.ts', 'src/operations/leaf.ts'],
  ],
  'layer-diagnosis': [['src/diagnosis/upward.ts', 'src/config/storage-config.ts', 'type']],
  'layer-doctor': [
    ['src/doctor/opens.ts', 'src/datasources/datasources.ts'],
    ['src/doctor/backend-diagnoses.ts', 'src/datasources/storage/local-object-storage.ts', 'dynamic'],
    ['src/doctor/operates.ts', 'src/operations/leaf.ts'],
  ],
  'nobody-imports-the-top': [
    ['src/doctor/top.ts', 'src/doctor.ts', 'type'],
    ['src/http/top.ts', 'src/main.ts', 'type'],
    ['src/resolvers/top-resolver.ts', 'src/file-access.ts', 'type'],
  ],
  'types-only-config': [
    ['src/datasources/storage/local-config.ts', 'src/config.ts'],
    ['src/operations/o6.ts', 'src/config/storage-config.ts'],
  ],
  'vendor-catalog-sql': [
    ['src/operations/sql.ts', 'kysely', 'type'],
    ['src/datasources/lakehouse/duckdb-sqlite.ts', 'node:sqlite'],
    ['src/datasources/lakehouse/duckdb-pg.ts', 'pg'],
  ],
  'vendor-duckdb': [
    ['src/datasources/catalog/duck-store.ts', '@duckdb/node-api', 'type'],
    ['src/http/arrow.ts', 'apache-arrow'],
  ],
  'vendor-http-server': [
    ['src/resolvers/http-resolver.ts', 'fastify', 'type'],
    ['src/access-files.ts', '@apollo/server', 'type'],
    ['src/operations/socket.ts', 'ws'],
    ['src/operations/squeeze.ts', '@fastify/compress'],
  ],
  'vendor-type-graphql': [
    ['src/operations/classes.ts', 'type-graphql'],
    ['src/server.ts', 'type-graphql', 'type'],
  ],
  'vendor-graphql': [['src/operations/ast.ts', 'graphql', 'type']],
  'vendor-dataloader': [['src/resolvers/loading-resolver.ts', 'dataloader']],
  'vendor-croner': [['src/resolvers/cron-resolver.ts', 'croner']],
  'vendor-yaml': [['src/resolvers/yaml-resolver.ts', 'yaml']],
  'vendor-jose': [['src/http/token.ts', 'jose']],
  'vendor-pino': [['src/http/log.ts', 'pino', 'type']],
  'vendor-zod': [['src/resolvers/zod-resolver.ts', 'zod']],
  'vendor-prometheus': [['src/http/other.ts', 'prom-client']],
  'vendor-ioredis': [['src/pubsub/topics.ts', 'ioredis', 'type']],
  'vendor-oracledb': [['src/datasources/catalog/oracle-store.ts', 'oracledb']],
  'vendor-oci-sdk': [['src/datasources/storage/local-oci.ts', 'oci-objectstorage', 'type']],
  'vendor-archiver': [['src/operations/pack.ts', 'archiver']],
}

/** What the architecture wants: no rule may stand in its way. */
const allowed: readonly Import[] = [
  ['src/naming-rules.ts', 'src/errors.ts'],
  ['src/operations/leaf.ts', 'src/naming-rules.ts'],
  ['src/resolvers/b-resolver.ts', 'src/naming-rules.ts'],
  ['src/main.ts', 'src/config.ts'],
  ['src/main.ts', 'src/datasources/datasources.ts'],
  ['src/main.ts', 'src/server.ts'],
  ['src/main.ts', 'src/pubsub/memory-events.ts'],
  ['src/main.ts', 'src/application.ts'],
  ['src/doctor.ts', 'src/config.ts'],
  ['src/doctor.ts', 'src/doctor/backend-diagnoses.ts'],
  ['src/doctor/backend-diagnoses.ts', 'src/datasources/storage/local-storage-diagnosis.ts', 'dynamic'],
  ['src/doctor/backend-diagnoses.ts', 'src/pubsub/redis-events-diagnosis.ts', 'dynamic'],
  ['src/doctor/backend-diagnoses.ts', 'src/diagnosis/finding.ts'],
  ['src/datasources/storage/local-storage-diagnosis.ts', 'src/diagnosis/finding.ts'],
  ['src/pubsub/redis-events-diagnosis.ts', 'src/diagnosis/finding.ts'],
  ['src/diagnosis/finding.ts', 'src/errors.ts'],
  ['src/application.ts', 'src/file-access.ts'],
  ['src/application.ts', 'src/server.ts'],
  ['src/application.ts', 'src/datasources/datasources.ts'],
  ['src/file-access.ts', 'src/http/routes.ts', 'type'],
  ['src/file-access.ts', 'src/operations/leaf.ts'],
  ['src/file-access.ts', 'src/access.ts'],
  ['src/server.ts', 'src/graphql-schema.ts'],
  ['src/server.ts', 'src/http/routes.ts'],
  ['src/server.ts', 'fastify'],
  ['src/http/routes.ts', 'src/datasources/storage/object-storage.ts', 'type'],
  ['src/http/routes.ts', 'src/access.ts'],
  ['src/http/metrics.ts', 'prom-client'],
  ['src/graphql-schema.ts', 'src/resolvers/index.ts'],
  ['src/graphql-schema.ts', 'src/schema/scalars.ts'],
  ['src/graphql-schema.ts', 'type-graphql'],
  ['src/resolvers/index.ts', 'src/resolvers/b-resolver.ts'],
  ['src/resolvers/b-resolver.ts', 'src/schema/a.ts'],
  ['src/resolvers/b-resolver.ts', 'src/resolvers/result-table.ts'],
  ['src/resolvers/b-resolver.ts', 'src/operations/leaf.ts'],
  ['src/resolvers/b-resolver.ts', 'src/access.ts'],
  ['src/resolvers/b-resolver.ts', 'src/context.ts', 'type'],
  ['src/resolvers/b-resolver.ts', 'src/pubsub/topics.ts'],
  ['src/resolvers/b-resolver.ts', 'src/datasources/lakehouse/lakehouse.ts', 'type'],
  ['src/resolvers/b-resolver.ts', 'type-graphql'],
  ['src/schema/a.ts', 'src/schema/paging.ts'],
  ['src/schema/a.ts', 'src/datasources/datasources.ts'],
  ['src/schema/a.ts', 'src/datasources/lakehouse/lakehouse.ts'],
  ['src/operations/leaf.ts', 'src/datasources/storage/object-storage.ts', 'type'],
  ['src/operations/leaf.ts', 'src/datasources/catalog/run-store.ts', 'type'],
  ['src/operations/leaf.ts', 'src/datasources/datasources.ts', 'type'],
  ['src/operations/leaf.ts', 'src/errors.ts'],
  ['src/context.ts', 'src/loaders.ts', 'type'],
  ['src/loaders.ts', 'dataloader'],
  ['src/cron-schedule.ts', 'croner'],
  ['src/operations/parse-deploy-yaml.ts', 'yaml'],
  ['src/access.ts', 'src/datasources/catalog/run-store.ts', 'type'],
  ['src/oidc.ts', 'jose'],
  ['src/datasources/datasources.ts', 'src/config.ts', 'type'],
  ['src/datasources/datasources.ts', 'src/datasources/storage/local-object-storage.ts', 'dynamic'],
  ['src/datasources/catalog/run-store.ts', 'kysely'],
  ['src/datasources/catalog/sqlite-dialect.ts', 'node:sqlite'],
  ['src/datasources/lakehouse/duckdb-lakehouse.ts', '@duckdb/node-api'],
  ['src/datasources/lakehouse/duckdb-lakehouse.ts', 'src/datasources/lakehouse/lakehouse.ts', 'type'],
  ['src/datasources/storage/local-object-storage.ts', 'src/config.ts', 'type'],
  ['src/datasources/storage/local-object-storage.ts', 'src/logger.ts', 'type'],
  ['codegen/typescript/src/node-platform.ts', 'fs'],
  ['codegen/typescript/src/node.ts', 'codegen/typescript/src/node-platform.ts'],
  ['codegen/typescript/src/cli/deploy.ts', 'yaml'],
]

interface Violation {
  rule: { name: string }
  from: string
  to: string
  unresolvedTo?: string
}

const isFile = (name: string): boolean => /^(src|test|bench|codegen)\//.test(name)

const statement = ([from, to, kind = 'value']: Import, n: number): string => {
  if (to === '') return ''
  const path = relative(dirname(from), to).replace(/\.ts$/, '.js')
  const specifier = isFile(to) ? (path.startsWith('.') ? path : `./${path}`) : to
  if (kind === 'type') return `import type { T${n} } from '${specifier}'\n`
  return kind === 'value' ? `import { v${n} } from '${specifier}'\n` : `export const d${n} = () => import('${specifier}')\n`
}

/** Runs the rules of this repository over the server and the client in a directory. */
const cruise = (cwd: string): Promise<Violation[]> =>
  new Promise((resolve, reject) => {
    const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const args = [
      bin,
      '--config',
      join(root, '.dependency-cruiser.mjs'),
      '--output-type',
      'json',
      'src',
      'codegen/typescript/src',
    ]
    execFile(process.execPath, args, { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout).summary.violations)
      } catch {
        reject(new Error(`dependency-cruiser gave no result: ${stderr}`, { cause: error }))
      }
    })
  })

describe('the rules of who may import whom', () => {
  let planted: string
  let found: Violation[]

  beforeAll(async () => {
    planted = await mkdtemp(join(tmpdir(), 'import-rules-'))
    const imports: Import[] = [
      ...Object.values(violations).flat(),
      ...allowed,
      ['src/operations/hen.ts', 'src/operations/egg.ts', 'type'],
    ]
    const files = new Map<string, string>()
    for (const [n, entry] of imports.entries()) {
      const [from, to] = entry
      files.set(from, `${files.get(from) ?? ''}${statement(entry, n)}`)
      if (isFile(to)) files.set(to, files.get(to) ?? '')
    }
    for (const [name, text] of files) {
      await mkdir(dirname(join(planted, name)), { recursive: true })
      await writeFile(join(planted, name), `${text}export const here = 1\n`)
    }
    await writeFile(
      join(planted, 'package.json'),
      JSON.stringify({
        type: 'module',
        dependencies: Object.fromEntries(imports.map(([, to]) => [to, '*']).filter(([to]) => to && !isFile(to as string))),
        devDependencies: { '@swc/core': '*' },
      }).replace('"@swc/core":"*",', ''),
    )
    await symlink(join(root, 'node_modules'), join(planted, 'node_modules'))
    found = await cruise(planted)
  })
  afterAll(() => rm(planted, { recursive: true, force: true }))

  const finds = (rule: string, [from, to]: Import): boolean =>
    found.some(
      (violation) =>
        violation.rule.name === rule &&
        violation.from === from &&
        (violation.to === to || violation.unresolvedTo === to || to === '' || violation.to.includes(`node_modules/${to}/`)),
    )

  test('every rule has a planted violation here', async () => {
    const { default: config } = await import(pathToFileURL(join(root, '.dependency-cruiser.mjs')).href)
    const names = config.forbidden.map((rule: { name: string }) => rule.name)
    expect(Object.keys(violations).sort()).toEqual([...names].sort())
  })

  test.each(Object.keys(violations))('%s finds what breaks it', (rule) => {
    const missed = (violations[rule] ?? []).filter((entry) => !finds(rule, entry))
    expect(missed).toEqual([])
  })

  test('no rule stands in the way of what the architecture wants', () => {
    const hit = allowed.filter((entry) => !isPlanted(entry) && found.some(({ rule }) => finds(rule.name, entry)))
    expect(hit).toEqual([])
  })

  test('the source keeps all of them', async () => {
    const inSource = await cruise(root)
    expect(inSource.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([])
  })
})

/** The same two files may meet in an import that is allowed as a type and in a planted one that loads. */
const isPlanted = ([from, to]: Import): boolean =>
  Object.values(violations).some((entries) => entries.some((entry) => entry[0] === from && entry[1] === to))
