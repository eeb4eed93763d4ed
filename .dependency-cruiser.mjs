// Who may import whom (docs/architecture.md, "Rules"). Each comment says what to do instead. `npm run check:imports` runs it;
// test/house/import-rules.test.ts plants one violation of every rule and holds each rule to finding its own.
//
// parser: swc, because TypeScript 7 has no JavaScript API. It sees `import type`; it does not see every `import('…')` type,
// which is why test/house/source-text.test.ts forbids those.
import './scripts/swc-visits-using.mjs'

/** The first words of an adapter's file name: `local-object-storage.ts`. A new kind of backend goes here. */
const backends = '(local|oci|duckdb|oracle|sqlite|postgres|redis|memory|spark)'
const ports = 'storage|lakehouse|compute|functions'
const adapter = `^src/datasources/[^/]+/${backends}-[^/]+\\.ts$`
/** What may be known of a port outside its folder: its interface, value types and constants; never an adapter's file. */
const portFiles = `^src/datasources/(${ports})/(?!${backends}-)[^/]+\\.ts$`
const catalogFiles = `^src/datasources/catalog/(?!${backends}-)[^/]+\\.ts$`
const datasources = '^src/datasources/datasources\\.ts$'
const client = '^codegen/typescript/src/'
/** To the doctor what datasources.ts is to the server: it may name the `-diagnosis` of an adapter, and nothing else of it (see layer-doctor). */
const diagnoses = '^src/doctor/backend-diagnoses\\.ts$'
const file = (...names) => `^src/(${names.join('|')})\\.ts$`
/** Files of schema/ that are no entity: any other file of schema/ may import them. */
const schemaBlocks =
  '^src/schema/(scalars|paging|enum-of|relay-node|key-value|lifecycle|metric-input|error-code|object-input|table-format|step-kind|pipeline-status)\\.ts$'

/** Rules of the domain as plain functions (`naming-policy.ts`, `credentials.ts`): whatever else lies at the top of src. */
const plainFiles =
  '^src/(?!(main|application|doctor|server|file-access|graphql-schema|context|loaders|access|authentication|oidc|config|errors|logger)[^/]*\\.ts$)[^/]+\\.ts$'

/** Where each vendor package lives. One that is not in this list has no home yet: give it one here, and a line in docs/dependencies.md. */
const homes = [
  { name: 'catalog-sql', packages: ['kysely', 'node:sqlite', 'pg'], home: ['^src/datasources/catalog/'] },
  {
    name: 'duckdb',
    packages: ['@duckdb/node-api', '@duckdb/node-bindings', 'apache-arrow'],
    home: ['^src/datasources/lakehouse/'],
  },
  {
    name: 'http-server',
    packages: ['fastify', '@fastify/[^/]+', '@apollo/server', 'graphql-ws', 'ws', 'graphiql', 'react', 'react-dom'],
    home: [file('server'), '^src/http/'],
  },
  {
    name: 'type-graphql',
    packages: ['type-graphql', 'graphql-scalars', 'reflect-metadata'],
    home: [file('graphql-schema'), '^src/(schema|resolvers)/'],
  },
  { name: 'graphql', packages: ['graphql'], home: [file('graphql-schema', 'server'), '^src/(schema|resolvers|http)/'] },
  { name: 'dataloader', packages: ['dataloader'], home: ['^src/loaders[^/]*\\.ts$'] },
  { name: 'jose', packages: ['jose'], home: [file('oidc')] },
  { name: 'pino', packages: ['pino'], home: [file('logger')] },
  { name: 'zod', packages: ['zod'], home: [file('config'), '^src/config/'] },
  { name: 'prometheus', packages: ['prom-client'], home: ['^src/http/metrics\\.ts$'] },
  { name: 'ioredis', packages: ['ioredis'], home: ['^src/pubsub/redis-[^/]+\\.ts$'] },
  { name: 'oracledb', packages: ['oracledb'], home: ['^src/datasources/lakehouse/oracle-[^/]+\\.ts$'] },
  { name: 'oci-sdk', packages: ['oci-[^/]+'], home: ['^src/datasources/oci/', '^src/datasources/[^/]+/oci-[^/]+\\.ts$'] },
  { name: 'croner', packages: ['croner'], home: [file('cron-schedule')] },
  { name: 'yaml', packages: ['yaml'], home: ['^src/operations/[^/]*deploy-yaml[^/]*\\.ts$'] },
  { name: 'archiver', packages: ['archiver', 'yauzl'], home: ['^src/(datasources|operations)/.*archive[^/]*\\.ts$'] },
]
/** A package as dependency-cruiser writes it: below node_modules when installed, bare when built in or not installed. */
const packagePath = (packages) =>
  `(^|/)node_modules/(@types/)?(${packages.join('|')})(/|$)|^(${packages.join('|')})(/|$)`.replaceAll('node:', '(?:node:)?')

const readable = (pattern) =>
  pattern
    .replace(/\[\^\/\][*+]|\.\*/g, '*')
    .replace(/[\^$\\()]/g, '')
    .replaceAll('|', ' or ')

const vendorRules = homes.map(({ name, packages, home }) => ({
  name: `vendor-${name}`,
  comment: `${packages.map(readable).join(', ')}: in ${home.map(readable).join(', ')} only, its types too. Elsewhere use what those files offer: a port, a store, the context.`,
  severity: 'error',
  from: { path: '^src/', pathNot: home },
  to: { path: packagePath(packages) },
}))

/** The files one layer may import; everything else in src is forbidden to it. */
const layer = (name, from, allowed, comment) => ({
  name: `layer-${name}`,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: allowed },
})

/** `what` may be named as a type there, but not loaded. */
const typesOnly = (name, from, what, comment) => ({
  name: `types-only-${name}`,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: what, dependencyTypesNot: ['type-only'] },
})

const layerRules = [
  layer(
    'foundation',
    ['^src/config/', file('errors', 'logger', 'config')],
    ['^src/config/'],
    'errors, logger and config are below everything: they import nothing of src but the settings of one port each, in config/. Move what they need into them, or the code into a layer above.',
  ),
  layer(
    'plain-rules',
    plainFiles,
    [plainFiles, file('errors', 'logger')],
    'What lies at the top of src besides the named files is plain functions: they know errors and logger. What needs data is an operation, a store or access.',
  ),
  layer(
    'datasources',
    '^src/datasources/',
    ['^src/(datasources|config|diagnosis)/', file('errors', 'logger', 'config')],
    'A datasource knows errors, logger, findings of the doctor and types of config, nothing above. Pass what it needs as an argument of its open function or of the method.',
  ),
  layer(
    'pubsub',
    '^src/pubsub/',
    ['^src/(pubsub|config|diagnosis)/', file('errors', 'logger', 'config')],
    'pub/sub knows errors, logger, findings of the doctor and types of config, nothing above. Pass what it needs (for example a function that reads missed events) as an argument.',
  ),
  layer(
    'operations',
    '^src/operations/',
    ['^src/operations/', plainFiles, portFiles, catalogFiles, datasources, '^src/pubsub/topics\\.ts$', file('errors', 'logger')],
    'An operation knows ports, catalog stores, pub/sub topics and errors: it also runs outside a request. GraphQL, access and settings stay in the resolver, which passes plain values.',
  ),
  layer(
    'schema',
    '^src/schema/',
    [schemaBlocks, plainFiles, portFiles, catalogFiles, datasources, file('errors')],
    "A schema file has its own columns only, never another entity's type: a relation is a @FieldResolver in src/resolvers. What several entities need is a building block: a file of its own, named in `schemaBlocks`. Constants come from ports and tables.",
  ),
  layer(
    'resolvers',
    '^src/resolvers/(?!index\\.ts$)',
    [
      '^src/(schema|operations)/',
      plainFiles,
      portFiles,
      catalogFiles,
      datasources,
      '^src/pubsub/topics\\.ts$',
      file('access', 'access-of-streams', 'authentication', 'context', 'loaders', 'errors'),
      '^src/resolvers/(?!index\\.ts$|.*-resolver\\.ts$)',
    ],
    'A resolver checks access, calls an operation or a loader of the context, and returns. Another resolver, an adapter, the server or the settings are not its business; what two resolvers share is an operation or a file of its own in resolvers/ (not named …-resolver).',
  ),
  layer(
    'resolver-list',
    '^src/resolvers/index\\.ts$',
    ['^src/resolvers/'],
    'index.ts is the list of the resolvers and nothing else.',
  ),
  layer(
    'access-and-context',
    '^src/((access|authentication|oidc|loaders)[^/]*|context)\\.ts$|^src/access/',
    [
      '^src/((access|authentication|oidc|loaders)[^/]*|context)\\.ts$',
      '^src/access/',
      plainFiles,
      portFiles,
      catalogFiles,
      datasources,
      '^src/pubsub/topics\\.ts$',
      file('errors', 'logger', 'config'),
    ],
    'access, context and loaders stand between the server and the data: they know the datasources as types, errors and logger. What is about GraphQL belongs to schema or resolvers, about HTTP to http.',
  ),
  layer(
    'graphql-schema',
    file('graphql-schema'),
    ['^src/(resolvers|pubsub|schema)/', file('access', 'context', 'errors')],
    'graphql-schema puts the resolvers and pub/sub together, nothing else. Behaviour goes to a resolver or to http/.',
  ),
  layer(
    'http',
    '^src/http/',
    [
      '^src/http/',
      plainFiles,
      portFiles,
      catalogFiles,
      datasources,
      file('errors', 'logger', 'context', 'access', 'authentication', 'config'),
    ],
    'A route knows errors, logger, context, access and value types of ports. The schema and the settings come to it as arguments from server.ts; what it shares with a resolver is an operation that server.ts or the context hands in.',
  ),
  layer(
    'file-access',
    file('file-access'),
    [
      '^src/(operations|http)/',
      plainFiles,
      portFiles,
      catalogFiles,
      datasources,
      file('access', 'authentication', 'context', 'errors', 'logger'),
    ],
    'file-access is to the file routes what resolvers are to GraphQL: it checks access and calls operations. application.ts hands it to the server.',
  ),
  layer(
    'server',
    file('server'),
    [
      '^src/http/',
      plainFiles,
      portFiles,
      datasources,
      file('graphql-schema', 'context', 'access', 'authentication', 'errors', 'logger', 'config'),
    ],
    'The server puts routes, sockets and the schema on one port. Entities are the business of resolvers, SQL of stores.',
  ),
  layer(
    'diagnosis',
    '^src/diagnosis/',
    ['^src/diagnosis/', file('errors')],
    'What every diagnosis needs (findings, probes of directories and clocks) lies below all backends: it knows errors alone.',
  ),
  layer(
    'doctor',
    '^src/doctor/',
    [
      '^src/(doctor|diagnosis|config)/',
      plainFiles,
      '-diagnosis\\.ts$',
      '^src/operations/run-program\\.ts$',
      file('errors', 'logger', 'config'),
    ],
    'The doctor knows the diagnosis of each backend and opens nothing by itself: to open an adapter makes directories and tables.',
  ),
  {
    name: 'nobody-imports-the-top',
    comment:
      'main.ts and application.ts put everything together, doctor.ts is a program of its own: only they import what is at the top. Move what is needed into a file of its own, below.',
    severity: 'error',
    from: { path: '^src/', pathNot: file('main', 'application') },
    to: { path: file('main', 'application', 'doctor', 'server', 'file-access') },
  },
]

const typeRules = [
  typesOnly(
    'config',
    '^src/',
    ['^src/config/', file('config')],
    'Settings are read once, in main.ts, and passed on. Elsewhere write `import type { … } from config.js`.',
  ),
]
// They put everything together, and main.ts is the one that reads the settings.
for (const rule of typeRules) rule.from.pathNot = ['^src/config/', file('main', 'application', 'doctor', 'config')]

const structureRules = [
  {
    name: 'no-cycle',
    comment:
      'Two files that need each other are one file, or a third one is missing. Type-only imports count: a cycle of types is a cycle of ideas.',
    severity: 'error',
    from: { path: ['^src/', client] },
    to: { circular: true },
  },
  {
    name: 'no-orphan',
    comment: 'Nothing imports this file and it imports nothing. Use it or delete it.',
    severity: 'error',
    from: { path: '^src/', orphan: true, pathNot: ['^src/(main|doctor)\\.ts$', '\\.d\\.ts$'] },
    to: {},
  },
  {
    name: 'adapters-are-private',
    comment:
      'Only datasources.ts (and its own folder) names an adapter. Import the port and take the opened datasource from the context or as an argument.',
    severity: 'error',
    from: { path: '^src/', pathNot: [datasources, diagnoses, '^src/datasources/[^/]+/'] },
    to: { path: adapter },
  },
  {
    name: 'pubsub-targets-are-private',
    comment: 'Only application.ts and pubsub/ itself name an event target (memory-…, redis-…). Publish and subscribe by topic.',
    severity: 'error',
    from: { path: '^src/', pathNot: [file('main', 'application'), diagnoses, '^src/pubsub/'] },
    to: { path: `^src/pubsub/${backends}-[^/]+\\.ts$` },
  },
  {
    name: 'ports-are-strangers',
    comment: 'A port, its adapters and the catalog know only their own folder. What combines two of them is an operation.',
    severity: 'error',
    from: { path: '^src/datasources/([^/]+)/' },
    to: { path: '^src/datasources/', pathNot: ['^src/datasources/$1/', '^src/datasources/oci/'] },
  },
  {
    name: 'oci-is-for-oci-adapters',
    comment: 'datasources/oci/ signs requests and translates errors for the oci- adapters. Others use a port.',
    severity: 'error',
    from: { path: '^src/', pathNot: ['^src/datasources/oci/', '^src/datasources/[^/]+/oci-[^/]+\\.ts$', datasources, diagnoses] },
    to: { path: '^src/datasources/oci/' },
  },
  {
    name: 'adapters-load-lazily',
    comment:
      'datasources.ts loads an adapter with `await import()`, so that an embedded start loads no vendor library it does not use.',
    severity: 'error',
    from: { path: [datasources, diagnoses] },
    to: { path: adapter, dependencyTypesNot: ['dynamic-import', 'type-only'] },
  },
  {
    name: 'src-stands-alone',
    comment: 'src/ imports src/ and packages. Tests, benchmarks, generated clients and scripts import src, never the other way.',
    severity: 'error',
    from: { path: '^src/' },
    to: { path: '^(test|bench|codegen|scripts|dist|docs)/' },
  },
  {
    name: 'resolves',
    comment: 'The import leads nowhere: a wrong path, a missing `.js`, or a package that is not installed.',
    severity: 'error',
    from: { path: '^src/' },
    to: { couldNotResolve: true },
  },
  {
    name: 'no-dev-dependency-in-src',
    comment: 'What src loads at run time belongs to "dependencies" in package.json. Types of a dev dependency may be named.',
    severity: 'error',
    from: { path: '^src/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'vendor-without-home',
    comment:
      'This package has no home. Put it into `homes` in .dependency-cruiser.mjs (one folder or one file) and into docs/dependencies.md.',
    severity: 'error',
    from: { path: '^src/' },
    to: { path: '(^|/)node_modules/', pathNot: homes.map(({ packages }) => packagePath(packages)) },
  },
]

const clientRules = [
  {
    name: 'client-stands-alone',
    comment:
      'The TypeScript client is a package of its own: it knows the schema and the operations, never the server that answers.',
    severity: 'error',
    from: { path: client },
    to: { path: '^(src|test|bench|scripts|docs)/|^codegen/(plugins|python)/' },
  },
  {
    name: 'client-runs-in-browsers',
    comment:
      'What browsers load too knows nothing of Node. What only Node can do is a method of Platform, and done in node-platform.ts.',
    severity: 'error',
    from: { path: client, pathNot: `${client}(node|node-platform|cli/.+)\\.ts$` },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'client-entries-choose',
    comment:
      'node.ts and browser.ts choose the platform; the command line is on top of node.ts. Take a Platform, or a client, as an argument.',
    severity: 'error',
    from: { path: client, pathNot: `${client}((node|browser|[a-z]+-platform)\\.ts$|cli/)` },
    to: { path: `${client}([a-z]+-platform\\.ts$|cli/)` },
  },
  {
    name: 'client-needs-no-package',
    comment: 'Who installs the client installs nothing else; reading deploy.yaml for the command line is the one exception.',
    severity: 'error',
    from: { path: client },
    to: { path: '(^|/)node_modules/', pathNot: packagePath(['yaml']) },
  },
]

export default {
  forbidden: [...structureRules, ...clientRules, ...layerRules, ...typeRules, ...vendorRules],
  options: {
    // Sees imports as they are written, types too (`tsPreCompilationDeps` is an option of the other parser).
    parser: 'swc',
    doNotFollow: { path: '(^|/)node_modules/' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    cache: false,
  },
}
