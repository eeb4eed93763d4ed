import { resolve } from 'node:path'
import { type ConfigError, readConfig } from '../src/config.js'

/** The lines of the error, or an empty list when there is none. */
function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    return (error as ConfigError).problems
  }
}

describe('readConfig', () => {
  test('needs nothing: the embedded backends lie side by side in the home directory', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      home: resolve('.dhuo'),
      publicUrl: null,
      secret: null,
      oidc: null,
    })
    expect(config.catalog).toEqual({ scheme: 'sqlite', file: resolve('.dhuo/catalog.db') })
    expect(config.storage).toEqual({ scheme: 'file', directory: resolve('.dhuo/buckets') })
    expect(config.lakehouse).toMatchObject({ scheme: 'duckdb', directory: resolve('.dhuo/lakehouse') })
  })

  test('puts the embedded backends where DHUO_HOME says, and each where its own URL says', () => {
    const config = readConfig({
      DHUO_HOME: '/data/dhuo',
      DHUO_STORAGE_URL: 'file:/mnt/with space/buckets',
      DHUO_CATALOG_URL: 'sqlite:near.db',
    })
    expect(config.home).toBe('/data/dhuo')
    expect(config.lakehouse.directory).toBe('/data/dhuo/lakehouse')
    expect(config.storage).toEqual({ scheme: 'file', directory: '/mnt/with space/buckets' })
    expect(config.catalog).toEqual({ scheme: 'sqlite', file: resolve('near.db') })
  })

  test.each([
    [
      'postgres://ana@db.example.com/dhuo',
      { host: 'db.example.com', port: 5432, user: 'ana', database: 'dhuo', tls: 'verify-full' },
    ],
    [
      'postgresql://a%40b@10.0.0.1:80/my%20db?sslmode=require',
      { host: '10.0.0.1', port: 80, user: 'a@b', database: 'my db', tls: 'require' },
    ],
    ['postgres://ana@127.0.0.1:5433/dhuo', { host: '127.0.0.1', port: 5433, tls: 'disable' }],
    ['postgres://ana@localhost/dhuo?sslmode=verify-ca', { host: 'localhost', tls: 'verify-ca' }],
    ['postgres://ana@[::1]:5433/dhuo', { host: '::1', port: 5433, tls: 'disable' }],
    ['postgres://ana@[2001:db8::1]/dhuo', { host: '2001:db8::1', port: 5432, tls: 'verify-full' }],
    ['postgres://ana@/dhuo?host=/run/postgresql', { host: '/run/postgresql', port: 5432, database: 'dhuo', tls: 'disable' }],
    ['postgres://ana@db/dhuo?application_name=graph-1', { host: 'db', applicationName: 'graph-1' }],
  ])('finds the database of %s', (url, expected) => {
    const config = readConfig({ DHUO_CATALOG_URL: url, DHUO_CATALOG_PASSWORD: 'p:@/%', DHUO_CATALOG_CA_FILE: 'ca.pem' })
    expect(config.catalog).toMatchObject({ scheme: 'postgres', applicationName: 'dhuo-graph', password: 'p:@/%', ...expected })
    expect(config.catalog).toMatchObject({ caFile: 'ca.pem', poolSize: 10, timeoutMs: 10_000 })
  })

  test('keeps objects in OCI when told so', () => {
    const compartment = 'ocid1.compartment.oc1..aaaa'
    const storage = (query: string) => readConfig({ DHUO_STORAGE_URL: `oci://tenant${query}` }).storage
    expect(storage(`?compartment=${compartment}`)).toEqual({
      scheme: 'oci',
      namespace: 'tenant',
      compartment,
      address: { region: null, endpoint: null },
      directTransfer: true,
    })
    expect(
      storage(`?compartment=${compartment}&region=sa-vinhedo-1&endpoint=https://x.example.com/&transfer=server`),
    ).toMatchObject({
      address: { region: 'sa-vinhedo-1', endpoint: 'https://x.example.com' },
      directTransfer: false,
    })
    for (const [query, problem] of [
      ['', /compartment by its OCID/],
      ['?compartment=ocid1.user.oc1..aaaa', /compartment by its OCID/],
      [`?compartment=${compartment}&transfer=fast`, /neither direct nor server/],
      [`?compartment=${compartment}&regoin=sa-vinhedo-1`, /nothing else/],
      [`?compartment=${compartment}&region=x`, /region must be/],
    ] as const)
      expect(problemsOf({ DHUO_STORAGE_URL: `oci://tenant${query}` })).toEqual([expect.stringMatching(problem)])
  })

  test('runs scripts on this machine unless told otherwise, and Python ones on Spark when told so', () => {
    expect(readConfig({}).compute).toMatchObject({ scheme: 'local', directory: resolve('.dhuo'), spark: null, jobsAtOnce: null })
    const url = 'spark-submit:?master=spark://host:7077&spark.a=1&LARGE.spark.a=2%263&SMALL.spark.b=x=y'
    expect(readConfig({ DHUO_COMPUTE_URL: url }).compute).toMatchObject({
      scheme: 'spark-submit',
      spark: {
        master: 'spark://host:7077',
        conf: { 'spark.a': '1' },
        confBySize: { SMALL: { 'spark.b': 'x=y' }, MEDIUM: {}, LARGE: { 'spark.a': '2&3' } },
      },
    })
  })

  test('answers predictions on this machine unless told otherwise, and by OCI Functions when told so', () => {
    expect(readConfig({}).functions).toMatchObject({ scheme: 'local', directory: resolve('.dhuo'), workersAtOnce: null })
    const url =
      'oci-functions://ocid1.fnapp.oc1.sa-saopaulo-1.abc?image=gru.ocir.io/ns/h:1.0&bucket=b-1&memoryMb=512&provisioned=2'
    const functions = { DHUO_FUNCTIONS_URL: `${url}&region=sa-vinhedo-1`, DHUO_FUNCTION_TIMEOUT_MS: '5000' }
    expect(readConfig(functions).functions).toEqual({
      scheme: 'oci-functions',
      application: 'ocid1.fnapp.oc1.sa-saopaulo-1.abc',
      image: 'gru.ocir.io/ns/h:1.0',
      bucket: 'b-1',
      memoryMb: 512,
      provisioned: 2,
      address: { region: 'sa-vinhedo-1', endpoint: null },
      timeoutMs: 5_000,
      callsAtOnce: null,
    })
    expect(readConfig({}).archiveFunction).toBeNull()
    expect(readConfig({ DHUO_ARCHIVE_FUNCTION: 'ocid1.fnfunc.oc1..f?bucket=b' }).archiveFunction).toEqual({
      function: 'ocid1.fnfunc.oc1..f',
      bucket: 'b',
      address: { region: null, endpoint: null },
    })
  })

  test('runs scripts on Data Flow when told so', () => {
    const start = 'oci-dataflow://ocid1.compartment.oc1..aaaa?files=oci://files@tenant/dhuo'
    const compute = (query = '') => readConfig({ DHUO_COMPUTE_URL: start + query }).compute
    const machine = (ocpus: number) => ({ name: 'VM.Standard.E4.Flex', flex: { ocpus, memoryInGBs: 16 * ocpus } })
    expect(compute()).toEqual({
      ...{ scheme: 'oci-dataflow', compartment: 'ocid1.compartment.oc1..aaaa', address: { region: null, endpoint: null } },
      ...{ sparkVersion: '3.5.0', pythonVersion: [3, 11], machine: 'x86_64', poolId: null, privateEndpointId: null, spark: {} },
      files: { bucket: 'files', namespace: 'tenant', prefix: 'dhuo/' },
      logsBucket: 'files',
      logsUri: 'oci://files@tenant/dhuo/logs/',
      poll: { leastMs: 2_000, mostMs: 30_000 },
      sizes: {
        SMALL: { driver: machine(1), executor: machine(1), executors: 1 },
        MEDIUM: { driver: machine(2), executor: machine(2), executors: 2 },
        LARGE: { driver: machine(4), executor: machine(4), executors: 4 },
      },
    })
    const fixed = 'SMALL.driver=VM.Standard2.1&MEDIUM.driver=VM.Standard2.4&MEDIUM.executor=VM.Standard2.8&MEDIUM.executors=9'
    expect(
      compute(
        `&${fixed}&spark=3.2.1&logs=oci://logs@tenant/&pool=ocid1.dataflowpool.oc1..a&dataflow.auth=resource_principal&region=sa-vinhedo-1`,
      ),
    ).toMatchObject({
      ...{
        sparkVersion: '3.2.1',
        pythonVersion: [3, 8],
        logsUri: 'oci://logs@tenant/',
        logsBucket: 'logs',
        poolId: 'ocid1.dataflowpool.oc1..a',
      },
      address: { region: 'sa-vinhedo-1' },
      spark: { 'dataflow.auth': 'resource_principal' },
      sizes: {
        SMALL: { driver: { name: 'VM.Standard2.1', flex: null }, executor: { name: 'VM.Standard2.1', flex: null } },
        MEDIUM: { driver: { name: 'VM.Standard2.4' }, executor: { name: 'VM.Standard2.8' }, executors: 9 },
      },
    })
    const arm = ['SMALL', 'MEDIUM', 'LARGE'].map((size) => `${size}.driver=VM.Standard.A1.Flex:2:12.5`).join('&')
    expect(compute(`&${arm}&spark=4.0.0&python=3.12&poll=5-60`)).toMatchObject({
      ...{ machine: 'aarch64', pythonVersion: [3, 12], poll: { leastMs: 5_000, mostMs: 60_000 } },
    })
    for (const [url, problem] of [
      ['oci-dataflow://files', /compartment by its OCID/],
      ['oci-dataflow://ocid1.compartment.oc1..a', /where files are kept/],
      ['oci-dataflow://ocid1.compartment.oc1..a?files=oci://bucket', /where files are kept/],
      [`${start}&logs=logs`, /has logs that are not/],
      [`${start}&spark=4.0.0`, /does not know the Python of that version/],
      [`${start}&pool=mine`, /pool must be an OCID/],
      [`${start}&poll=0-1`, /poll is/],
      [`${start}&poll=9-1`, /poll is/],
      [`${start}&SMALL.driver=VM.Standard.E4.Flex`, /for a flexible shape/],
      [`${start}&SMALL.driver=VM.Standard2.1:1:16`, /for a flexible shape/],
      [`${start}&SMALL.driver=VM.Standard2.1&SMALL.executor=VM.Standard.E4.Flex:1:16`, /one family/],
      [`${start}&SMALL.executors=0`, /between 1 and 1000/],
      [`${start}&SMALL.driver=VM.Standard.A1.Flex:1:6`, /one kind of processor/],
      [`${start}&shape=x`, /and nothing else/],
      [`${start}&region=x`, /region must be/],
    ] as const)
      expect(problemsOf({ DHUO_COMPUTE_URL: url })).toEqual([expect.stringMatching(problem)])
  })

  test('keeps tables in Oracle where the URL says so, by an address or by a name of the wallet', () => {
    const given = { DHUO_ORACLE_USER: 'DHUOSERVER', DHUO_ORACLE_PASSWORD: 'correct horse', DHUO_HOME: '/data/dhuo' }
    const lakehouseOf = (url: string, more = {}) => readConfig({ ...given, DHUO_LAKEHOUSE_URL: url, ...more }).lakehouse
    expect(lakehouseOf('oracle://db.example.com/dhuo')).toEqual({
      scheme: 'oracle',
      connectString: 'tcp://db.example.com:1521/dhuo',
      user: 'DHUOSERVER',
      password: 'correct horse',
      walletDirectory: null,
      walletPassword: null,
      prefix: 'DHUO',
      connections: 16,
      connectSeconds: 10,
      cloudLoadBytes: 33_554_432,
      directory: '/data/dhuo/lakehouse-files',
      memoryLimitMb: 1024,
      timeoutMs: 30_000,
    })
    const connectStrings = [
      'oracle://[::1]:1600/a.b-c',
      'oracle://db.example.com/dhuo?tls=true',
      'oracle://db.example.com:80/x_y',
    ]
    expect(connectStrings.map((url) => lakehouseOf(url))).toMatchObject([
      { connectString: 'tcp://[::1]:1600/a.b-c' },
      { connectString: 'tcps://db.example.com:1522/dhuo' },
      { connectString: 'tcp://db.example.com:80/x_y' },
    ])
    expect(lakehouseOf('oracle:dhuo_low', { DHUO_ORACLE_WALLET: 'near' })).toMatchObject({
      connectString: 'dhuo_low',
      walletDirectory: resolve('near'),
    })
  })

  test.each([
    ['oracle://me:secret-of-mine@db.example.com/dhuo', 'DHUO_ORACLE_USER'],
    ['oracle://me@db.example.com/dhuo', 'DHUO_ORACLE_USER'],
    ['oracle://db.example.com', '<service>'],
    ['oracle://db.example.com/a', '<service>'],
    ['oracle:///dhuo', '<service>'],
    ['oracle://db.example.com:99999/dhuo', '<service>'],
    ['oracle://db.example.com/dhuo?wallet=secret-of-mine', 'tls=true'],
    ['oracle://db.example.com/dhuo?tls=maybe', 'tls=true'],
    ['oracle:a name', 'name'],
    ['oracle:dhuo_low', 'DHUO_ORACLE_WALLET'],
    ['oracle:', 'duckdb:'],
  ])('refuses %s for the lake house, together with what else is missing, and repeats nothing of it', (url, said) => {
    const problems = problemsOf({ DHUO_LAKEHOUSE_URL: url, DHUO_ORACLE_PREFIX: 'low' })
    expect(problems.join()).toContain(said)
    expect(problems.join()).toContain('DHUO_ORACLE_PREFIX')
    if (url !== 'oracle:') expect(problems.join()).toMatch(/DHUO_ORACLE_USER: must.*DHUO_ORACLE_PASSWORD: must/)
    expect(problems.join()).not.toMatch(/secret-of-mine|low\b(?!.*tnsnames)/)
  })

  test('hands scripts those variables of its own that they need, and no other', () => {
    const given = { PATH: '/opt/bin', TZ: 'America/Sao_Paulo', LANG: '', OCI_KEY: 'k', DHUO_SECRET: 's'.repeat(32) }
    const inherited = { PATH: '/opt/bin', LANG: 'C.UTF-8', TZ: 'America/Sao_Paulo' }
    expect(readConfig(given).compute).toMatchObject({ inherited })
    expect(readConfig({}).compute).toMatchObject({ inherited: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' } })
  })

  test.each([
    ['redis://redis', { nodes: [{ host: 'redis', port: 6379 }], mode: 'single', isEncrypted: false, user: null, db: 0 }],
    ['rediss://dh%40o@10.0.0.1:6380/2', { nodes: [{ host: '10.0.0.1', port: 6380 }], isEncrypted: true, user: 'dh@o', db: 2 }],
    ['redis://[::1]:7000/', { nodes: [{ host: '::1', port: 7000 }], mode: 'single' }],
    [
      'redis://a,b:26380/1?sentinel=main',
      { nodes: [...[26379, 26380].map((port, i) => ({ host: 'ab'[i], port }))], mode: 'sentinel', master: 'main', db: 1 },
    ],
    ['rediss://a:7000,b:7001?cluster', { nodes: [...[7000, 7001].map((port, i) => ({ host: 'ab'[i], port }))], mode: 'cluster' }],
  ])('%s is a Redis', (url, expected) => {
    const settings = { DHUO_PUBSUB_PASSWORD: 'p', DHUO_PUBSUB_CA_FILE: 'ca.pem', DHUO_PUBSUB_PREFIX: 'test' }
    expect(readConfig({ DHUO_PUBSUB_URL: url, ...settings }).pubsub).toMatchObject({
      ...{ scheme: 'redis', password: 'p', caFile: 'ca.pem', prefix: 'test', sentinelPassword: null },
      ...expected,
    })
    expect(readConfig({}).pubsub).toEqual({ scheme: 'memory' })
  })

  test('reports everything that is wrong at once: values, unknown names, URLs and pairs', () => {
    const problems = problemsOf({
      PORT: '70000',
      DHUO_LOG_LEVEL: 'loud',
      DHUO_ADMIN_EMAIL: 'nobody',
      DHUO_STORAGE_URL: 's3://bucket',
      DHUO_CATALOG_URL: 'mysql://localhost/db',
      DHUO_OIDC_ISSUER: 'https://issuer.example.com',
      DHUO_STORAGE: 'file:x',
    })
    expect(problems.map((line) => line.split(/[: ]/)[0]).sort()).toEqual([
      'DHUO_ADMIN_EMAIL',
      'DHUO_CATALOG_URL',
      'DHUO_LOG_LEVEL',
      'DHUO_OIDC_ISSUER',
      'DHUO_STORAGE',
      'DHUO_STORAGE_URL',
      'PORT',
    ])
  })

  test('prints all of them in the message of the error', () => {
    expect(() => readConfig({ PORT: 'x', HOSTNAME: 'ignored', DHUO_HOMES: 'y' })).toThrow(
      /2 errors:\n {2}DHUO_HOMES: .+\n {2}PORT: .+/,
    )
  })

  test('refuses an unknown DHUO_ setting, and only such: it is a spelling mistake', () => {
    expect(problemsOf({ DHUO_SQL_TIMEOUT: '5' })).toEqual(['DHUO_SQL_TIMEOUT: there is no such setting'])
    expect(problemsOf({ SOMETHING_ELSE: '5', dhuo_home: 'x' })).toEqual([])
  })

  test('leaves alone what scripts and tests get from the server', () => {
    expect(
      problemsOf({
        DHUO_URL: 'http://x',
        DHUO_ACCESS_KEY: 'k',
        DHUO_PIPELINE_RUN: 'r',
        DHUO_STEP: 's',
        DHUO_ARCHIVE: '/archive',
        DHUO_JOB: 'j',
        DHUO_TEST_REDIS: 'redis://x',
      }),
    ).toEqual([])
  })

  test.each([
    ['DHUO_CATALOG_URL', 'postgres://user:hunter22@db/dhuo', 'set DHUO_CATALOG_PASSWORD'],
    ['DHUO_CATALOG_URL', 'postgres://user@db/dhuo?password=hunter22', 'set DHUO_CATALOG_PASSWORD'],
    ['DHUO_CATALOG_URL', 'postgres://user:hunter22%@db/dhuo', 'DHUO_CATALOG_PASSWORD'],
    ['DHUO_CATALOG_URL', 'postgres://hunter22', 'postgres://<user>@<host>:<port>/<database>'],
    ['DHUO_CATALOG_URL', 'postgres://hunter22@db', 'postgres://<user>@<host>:<port>/<database>'],
    ['DHUO_CATALOG_URL', 'postgres://db/hunter22', 'postgres://<user>@<host>:<port>/<database>'],
    ['DHUO_CATALOG_URL', 'postgres://user@db:hunter22/x', 'postgres://<user>@<host>:<port>/<database>'],
    ['DHUO_CATALOG_URL', 'postgres://us%er@db/hunter22', 'two hexadecimal digits'],
    ['DHUO_CATALOG_URL', 'postgres://user@db/x?sslmode=hunter22', 'verify-full'],
    ['DHUO_CATALOG_URL', 'postgres://user@db/x?sslmod=hunter22', 'sslmode'],
    ['DHUO_CATALOG_URL', 'mysql://user:hunter22@db/dhuo', 'sqlite:<path>'],
    ['DHUO_CATALOG_URL', 'sqlite:', 'sqlite:<path>'],
    ['DHUO_CATALOG_URL', 'catalog.db', 'sqlite:<path>'],
    ['DHUO_STORAGE_URL', 's3://key:hunter22@bucket', 'file:<path>'],
    ['DHUO_STORAGE_URL', 'FILE:x', 'file:<path>'],
    ['DHUO_LAKEHOUSE_URL', 'oracle://scott:hunter22@db/free', 'DHUO_ORACLE_PASSWORD'],
    ['DHUO_LAKEHOUSE_URL', 'hive://scott:hunter22@db/free', 'oracle://<host>:<port>/<service>'],
    ['DHUO_COMPUTE_URL', 'oci-dataflow://hunter22', 'a compartment by its OCID'],
    ['DHUO_COMPUTE_URL', 'local', 'local:'],
    ['DHUO_COMPUTE_URL', 'local:hunter22', 'local:'],
    ['DHUO_COMPUTE_URL', 'spark-submit:hunter22', 'spark-submit:?master=<master>'],
    ['DHUO_COMPUTE_URL', 'spark-submit:', 'spark-submit:?master=<master>'],
    ['DHUO_COMPUTE_URL', 'spark-submit:?spark.password=hunter22', 'spark-submit:?master=<master>'],
    ['DHUO_COMPUTE_URL', 'spark-submit:?master=local&deploy=hunter22', 'SMALL.spark.<name>'],
    ['DHUO_COMPUTE_URL', 'spark-submit:?master=local&HUGE.spark.x=hunter22', 'MEDIUM'],
    ['DHUO_FUNCTIONS_URL', 'oci-functions://hunter22', 'ocid1.fnapp'],
    ['DHUO_FUNCTIONS_URL', 'oci-functions://ocid1.fnapp.oc1..a?image=hunter22&bucket=b', '<registry>/<namespace>/<name>:<tag>'],
    ['DHUO_FUNCTIONS_URL', 'oci-functions://ocid1.fnapp.oc1..a?image=r/n:1', 'needs bucket='],
    ['DHUO_FUNCTIONS_URL', 'oci-functions://ocid1.fnapp.oc1..a?image=r/n:1&bucket=b&memoryMb=1000', '128, 256, 512'],
    ['DHUO_FUNCTIONS_URL', 'oci-functions://ocid1.fnapp.oc1..a?image=r/n:1&bucket=b&secret=hunter22', 'knows image'],
    ['DHUO_FUNCTIONS_URL', 'oci-functions://ocid1.fnapp.oc1..a?image=r/n:1&bucket=b&endpoint=hunter22', 'endpoint must be'],
    ['DHUO_ARCHIVE_FUNCTION', 'hunter22', 'ocid1.fnfunc'],
    ['DHUO_ARCHIVE_FUNCTION', 'ocid1.fnfunc.oc1..a', 'needs bucket='],
    ['DHUO_ARCHIVE_FUNCTION', 'ocid1.fnfunc.oc1..a?bucket=b&x=hunter22', 'knows bucket'],
    ['DHUO_FUNCTIONS_URL', 'local:hunter22', 'local:'],
    ['DHUO_PUBSUB_URL', 'redis://user:hunter22@host', 'DHUO_PUBSUB_PASSWORD'],
    ['DHUO_PUBSUB_URL', 'redis://:hunter22@host', 'DHUO_PUBSUB_PASSWORD'],
    ['DHUO_PUBSUB_URL', 'redis://host?password=hunter22', '?sentinel=<master>'],
    ['DHUO_PUBSUB_URL', 'redis://a,hunter22', '?cluster'],
    ['DHUO_PUBSUB_URL', 'redis://a/hunter22', '[/db]'],
    ['DHUO_PUBSUB_URL', 'redis://a:hunter22', 'redis://host[:port]'],
    ['DHUO_PUBSUB_URL', 'redis://a?sentinel=hunter22&cluster', '?cluster'],
    ['DHUO_PUBSUB_URL', 'nats://hunter22', 'memory:'],
    ['DHUO_PUBSUB_URL', 'redis://%E0hunter22@host', 'redis://'],
    ['DHUO_PUBLIC_URL', 'ftp://hunter22.example.com', 'URL'],
    ['DHUO_PUBLIC_URL', 'graph.example.com', 'URL'],
    ['DHUO_OIDC_ISSUER', 'javascript:hunter22', 'URL'],
  ])('%s=%s is refused, with what is allowed and without what was given', (name, value, allowed) => {
    const line = problemsOf({ [name]: value, ...(name === 'DHUO_OIDC_ISSUER' && { DHUO_OIDC_AUDIENCE: 'x' }) }).join('\n')
    expect(line).toContain(name)
    expect(line).toContain(allowed)
    expect(line).not.toContain('hunter22')
  })

  test('repeats no secret, however wrong it is', () => {
    const message = problemsOf({ DHUO_ADMIN_PASSWORD: 'hunter2', DHUO_SECRET: 'too-short-a-secret', PORT: 'x' }).join('\n')
    expect(message).toMatch(/DHUO_ADMIN_PASSWORD.+8/)
    expect(message).toMatch(/DHUO_SECRET.+32/)
    expect(message).not.toMatch(/hunter2|too-short-a-secret/)
  })

  test.each([
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', 'http'],
    ['DHUO_SESSION_HOURS', '0'],
    ['DHUO_SESSION_HOURS', '9000'],
    ['DHUO_SQL_TIMEOUT_MS', '0'],
    ['DHUO_SQL_TIMEOUT_MS', 'Infinity'],
    ['DHUO_SQL_MAX_ROWS', '1000001'],
    ['DHUO_SQL_MEMORY_MB', '63'],
    ['DHUO_UPLOAD_MAX_BYTES', '0'],
    ['DHUO_UPLOAD_HOURS', '169'],
    ['DHUO_JOBS_AT_ONCE', '0'],
    ['DHUO_CATALOG_POOL_SIZE', '1'],
    ['DHUO_CATALOG_TIMEOUT_MS', '99'],
    ['DHUO_JOB_MEMORY_MB', '63'],
    ['DHUO_JOB_DISK_MB', '0'],
    ['DHUO_JOB_GRACE_SECONDS', '601'],
    ['DHUO_FUNCTION_TIMEOUT_MS', '300001'],
    ['DHUO_FUNCTIONS_AT_ONCE', '0'],
    ['DHUO_PUBSUB_PREFIX', 'a:b'],
  ])('%s=%s is out of bounds', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(name)])
  })

  test('takes an empty variable for an unset one', () => {
    const empty = { PORT: '', DHUO_ADMIN_PASSWORD: '', DHUO_STORAGE_URL: '', DHUO_OIDC_ISSUER: '', DHUO_UNKNOWN: '' }
    expect(readConfig(empty)).toEqual(readConfig({}))
  })

  test.each(['DHUO_OIDC_ISSUER', 'DHUO_OIDC_AUDIENCE'])('wants %s together with its other half', (name) => {
    expect(problemsOf({ [name]: 'https://issuer.example.com' })).toEqual([expect.stringContaining('both or neither')])
  })

  test('takes no slash at the end of the public URL and no capitals in the administrator', () => {
    const config = readConfig({ DHUO_PUBLIC_URL: 'https://graph.example.com/api//', DHUO_ADMIN_EMAIL: 'Ana@Example.com' })
    expect(config.publicUrl).toBe('https://graph.example.com/api')
    expect(config.admin.email).toBe('ana@example.com')
  })

  test('cannot be changed afterwards, at any depth', () => {
    const config = readConfig({})
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError)
    expect(() => Object.assign(config.sql, { maxRows: 1 })).toThrow(TypeError)
  })
})
