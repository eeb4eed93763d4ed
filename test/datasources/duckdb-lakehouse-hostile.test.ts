import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDuckdbLakehouse } from '../../src/datasources/lakehouse/duckdb-lakehouse.js'
import type { Lakehouse } from '../../src/datasources/lakehouse/lakehouse.js'

/** Statements that must not run, and the proof that they changed nothing and told nothing. */
describe('users cannot leave their project through SQL', () => {
  let directory: string
  let outside: string
  let lakehouse: Lakehouse
  const schema = 'victim'
  const timeoutMs = 1_000

  beforeAll(async () => {
    outside = await mkdtemp(join(tmpdir(), 'outside-'))
    await writeFile(join(outside, 'secret.csv'), 'a\n1\n')
    directory = await mkdtemp(join(tmpdir(), 'hostile-'))
    lakehouse = await openDuckdbLakehouse({ scheme: 'duckdb', directory, memoryLimitMb: 256, timeoutMs })
    await lakehouse.writeTable(
      { schema, table: 't', mode: 'CREATE' },
      { sql: 'select range::integer i, range::varchar s from range(100)' },
    )
    await lakehouse.writeTable({ schema: 'neighbour', table: 'n', mode: 'CREATE' }, { sql: 'select 42 as hidden' })
  })
  afterAll(async () => {
    await lakehouse.close()
    await rm(directory, { recursive: true, force: true })
    await rm(outside, { recursive: true, force: true })
  })

  const proof = async () => {
    const { rows } = await lakehouse.select({ schema, sql: 'select count(*), sum(i), min(s) from t' }, { limit: 2 })
    expect(rows).toEqual([[100, 4950, '0']])
    const tables = await lakehouse.select({ schema, sql: 'show tables' }, { limit: 10 })
    expect(tables.rows).toEqual([['t']])
  }
  const files = async () => (await readdir(outside, { recursive: true })).length
  /** Rejects with the code; the message names no path and no setting's value. */
  const refuses = async (work: Promise<unknown>, codes: string[]) => {
    const error = await work.then(
      (value) => {
        throw new Error(`It was let through: ${JSON.stringify(value).slice(0, 300)}`)
      },
      (reason: unknown) => reason as { code: string; message: string },
    )
    expect(error).toMatchObject({ name: 'DhuoError' })
    expect(codes).toContain(error.code)
    expect(error.message).not.toContain(directory)
    expect(error.message).not.toMatch(/\/(tmp|etc|work|home|root|var)\//)
    expect(error.message).not.toMatch(/exchange|lakehouse-|db\.duckdb/)
  }

  const readers = [
    "from read_csv('/etc/passwd')",
    "from read_csv_auto('/etc/passwd', delim=':')",
    "from read_text('/etc/passwd')",
    "from read_blob('/etc/passwd')",
    "from read_json('/etc/passwd')",
    "from read_json_auto('x')",
    "from read_ndjson('x')",
    "from read_ndjson_objects('x')",
    "from read_parquet('/tmp/x.parquet')",
    "from parquet_scan('x')",
    "from parquet_metadata('x')",
    "from parquet_schema('x')",
    "from parquet_kv_metadata('x')",
    "from sniff_csv('/etc/passwd')",
    "from glob('/*')",
    "from read_duckdb('db.duckdb')",
    "from '/etc/passwd'",
    "from 'secret.csv'",
    'from "secret.csv"',
    'from "../neighbour/db.duckdb"',
    "from 'https://example.com/x.parquet'",
    "from 's3://bucket/x.parquet'",
    "from READ_CSV('/etc/passwd')",
    `from "read_csv"('/etc/passwd')`,
    "from system.main.read_csv('/etc/passwd')",
    "from main.read_text('/etc/passwd')",
    'select * from t, lateral read_text(s)',
    "select (select count(*) from read_text('/etc/passwd'))",
    "select * from t where s in (select content from read_text('/etc/passwd'))",
    "with x as (from read_text('/etc/passwd')) from x",
    "with recursive x as (select 1 union all from read_text('/etc/passwd')) from x",
    "select exists(from read_blob('/etc/passwd'))",
    "from (values (1)) v(a) join read_text('/etc/passwd') on true",
    "from t union all by name from read_csv('/etc/passwd')",
    "select i from t order by (select max(content) from read_text('/etc/passwd'))",
    "from/**/read_text/**/('/etc/passwd')",
    "describe from read_csv('/etc/passwd')",
    "summarize from read_csv('/etc/passwd')",
    "describe 'secret.csv'",
    'from arrow_scan(1::ubigint, 2::ubigint, 3::ubigint)',
    'from arrow_scan_dumb(1::ubigint, 2::ubigint, 3::ubigint)',
    'from test_all_types()',
    'from test_vector_types(1)',
  ]
  const revealing = [
    'from duckdb_settings()',
    'from duckdb_databases()',
    'from duckdb_databases',
    'from "DUCKDB_DATABASES"',
    'from pragma_database_list',
    'from pragma_database_size()',
    'from duckdb_secrets()',
    'from duckdb_logs()',
    "from duckdb_logs_parsed('FileSystem')",
    'from duckdb_temporary_files()',
    'from duckdb_memory()',
    'from duckdb_variables()',
    'from duckdb_prepared_statements()',
    'from duckdb_extensions()',
    'from duckdb_external_file_cache()',
    'from pg_catalog.pg_settings',
    'from pg_settings',
    'from sqlite_master',
    'from system.information_schema.tables',
    'from system.main.duckdb_databases',
    'from main.pragma_database_list',
    "select current_setting('temp_directory')",
    'select "current_setting"(\'allowed_paths\')',
    "select ('temp_directory').current_setting()",
    "select system.main.current_setting('temp_directory')",
    "select list_transform(['temp_directory'], lambda x: current_setting(x))",
    "select getvariable('x')",
    "select max(current_setting('temp_directory')) over () from t",
    "from t select columns(lambda c: current_setting('temp_directory') is not null)",
    'show databases',
    'show all tables',
    'show variables',
    'show schemas',
    'show tables from neighbour',
    "from histogram('duckdb_databases', path)",
    'from histogram_values(duckdb_databases, path)',
    "from query('select 1')",
    "from query_table('duckdb_databases')",
    "select json_serialize_sql('select 1')",
    "from json_execute_serialized_sql('{}')",
    'from neighbour.n',
    'from neighbour.main.n',
    'from db.neighbour.n',
    'from "../neighbour".n',
    'from temp.main.x',
    'from memory.main.x',
  ]
  const changing = [
    'insert into t values (1, 2)',
    'with x as (select 1) insert into t select 1, 2',
    'update t set i = 0',
    'delete from t',
    'truncate t',
    'merge into t using (select 1 i) x on t.i = x.i when matched then delete',
    'drop table t',
    'drop schema victim cascade',
    'alter table t add column x int',
    'create table x (a int)',
    'create temp table x (a int)',
    'create view x as select 1',
    'create macro upper(x) as 1',
    "create macro m() as table from read_text('/etc/passwd')",
    'create sequence q',
    "create type y as enum ('a')",
    'create secret x (type s3)',
    "comment on table t is 'x'",
    "copy t to '/tmp/hostile.csv'",
    "copy (select 1) to '/dev/stdout'",
    "copy t from '/etc/passwd'",
    'copy from database db to memory',
    "export database '/tmp/hostile'",
    "import database '/tmp/hostile'",
    "attach ':memory:' as m",
    "attach '/tmp/hostile.duckdb' as m",
    'detach db',
    'use neighbour',
    "set memory_limit = '100GB'",
    'set enable_external_access = true',
    'reset enable_external_access',
    'set variable x = 1',
    "set search_path = 'neighbour'",
    "set schema = 'main'",
    'pragma enable_profiling',
    "pragma profiling_output = '/tmp/hostile.json'",
    "pragma table_info('t')",
    'pragma database_size',
    'pragma disable_checkpoint_on_shutdown',
    'call pragma_version()',
    'call enable_logging()',
    'from enable_logging()',
    'from enable_profiling()',
    'load httpfs',
    'install httpfs',
    'update extensions',
    'checkpoint',
    'force checkpoint',
    'from checkpoint()',
    'select force_checkpoint()',
    'vacuum',
    'analyze',
    'begin',
    'commit',
    'rollback',
    'prepare p as select 1',
    'execute p',
    'deallocate p',
    'explain select 1',
    'explain analyze insert into t values (1, 2)',
    "select nextval('q')",
    "select write_log('x')",
    'from truncate_duckdb_logs()',
    'select setseed(0.5)',
    'select * from t for update',
    'pivot t on s using sum(i)',
    'select 1; drop table t',
    'select 1; select 2',
    'select 1 /* ; */; /* x */ delete from t -- y',
    ';;drop table t;;',
    "select 'it''s'; delete from t; --'",
    'select $$;$$; delete from t',
    '/* a /* nested */ comment */ delete from t',
    'select 1\u00a0;\u00a0delete from t',
    'ｄelete from t',
    'selеct 1',
    'select 1 \0; drop table t',
    '\ufeffdelete from t',
    'select',
    '(((',
    "select 'no end",
    'select "no end',
    'select /* no end',
  ]
  const exhausting = [
    "select repeat('x', 10000000000)",
    "select length(repeat('x', 4000000000))",
    "select length(lpad('x', 2000000000, 'y'))",
    // Sizes that do not stand in the statement, and sizes inside each other.
    "select length(repeat('x', n)) from (values (4000000000)) v(n)",
    "select length(repeat('x', 1000 * 1000 * 4000))",
    "select length(repeat(repeat('x', 1000000), 1000000))",
    "select length(lpad('x', (select 2000000000), 'y'))",
    'select len(range(n)) from (values (2000000000)) v(n)',
    'select len(list_resize([1], n)) from (values (10000000000)) v(n)',
    'select len(range(2000000000))',
    'select len(generate_series(1, 2000000000))',
    'select len(list_resize([1], 10000000000))',
    'select count(*) from range(100000000000) a, range(100000000000) b where a.range + b.range = 3',
    'select * from range(1000000000000) t(i) order by hash(i) desc',
    "select string_agg(repeat('x', 100000), '') from range(1000000)",
    'select list(i) from range(10000000000) t(i)',
    'with recursive r as (select 1 i union all select i + 1 from r) select count(*) from r',
    "with recursive r as (select 'x' s union all select s || s from r) select max(length(s)) from r",
    'select sleep_ms(60000)',
    'select pg_sleep(60)',
    `select ${'('.repeat(60_000)}1`,
    `select ${'('.repeat(30_000)}1${')'.repeat(30_000)}`,
    `select ${'not '.repeat(15_000)} true`,
    `select ${'- '.repeat(30_000)}1`,
    `select ${'['.repeat(400)}1${']'.repeat(400)}`,
    `select ${"{'a':".repeat(300)}1${'}'.repeat(300)}`,
    `select ${Array(20_000).fill('1').join('+')}`,
    `select 1${'::int'.repeat(10_000)}`,
    `select * from ${'(select * from '.repeat(4_000)}t${')'.repeat(4_000)}`,
    `select 1 where 1 in (${'1,'.repeat(100_000)}1)`,
    "select json_structure(repeat('[', 100000) || repeat(']', 100000))",
    "select json_merge_patch((repeat('[', 100000) || repeat(']', 100000))::json, '1')",
    "select json_contains((repeat('[', 100000) || repeat(']', 100000))::json, '1')",
    "select json_transform('[]', repeat('[', 100000) || '\"INT\"' || repeat(']', 100000))",
    "select from_json('[]', repeat('[', 100000) || '\"INT\"' || repeat(']', 100000))",
    "select json_group_structure((repeat('[', 100000) || repeat(']', 100000))::json)",
    "from json_tree((repeat('[', 100000) || repeat(']', 100000))::json)",
    "select ((repeat('[', 100000) || repeat(']', 100000))::json)::variant",
    "select cast((repeat('[', 100000) || repeat(']', 100000))::json as variant[])",
  ]
  const dml = [
    "insert into t select length(repeat('x', 4000000000))",
    'insert into t select len(list_resize([1], 10000000000))',
    "insert into t select 1, content from read_text('/etc/passwd')",
    'insert into t select 1, content from "read_text"(\'/etc/passwd\')',
    "insert into t select 1, content from read_text /* x */ ('/etc/passwd')",
    "insert into t select 1, content from read_text -- x\n ('/etc/passwd')",
    "insert into t select 1, content from /* /* nested */ */ READ_BLOB('/etc/passwd')",
    "insert into t select 1, column0 from '/etc/passwd'",
    "insert into t select 1, a from 'secret.csv'",
    'insert into t select 1, a from "secret.csv"',
    "insert into t select 1, a from t, 'secret.csv'",
    "delete from t using 'secret.csv' x where true",
    "update t set s = content from read_text('/etc/passwd')",
    "merge into t using read_text('/etc/passwd') x on true when matched then update set s = content",
    "insert into t select 1, current_setting('temp_directory')",
    'insert into t select 1, "current_setting"(\'temp_directory\')',
    "insert into t select 1, 'temp_directory'.current_setting()",
    'insert into t select 1, path from duckdb_databases()',
    'insert into t select 1, path from duckdb_databases',
    'insert into t select 1, file from "pragma_database_list"',
    "insert into t select 1, bin::varchar from histogram('duckdb_databases', path)",
    "insert into t select 1, 'x' from query('select 1')",
    "insert into t select 1, x from e'\\'' 'read_text'",
    "insert into t values (1, e'a'\n'b\\' , (select content from read_text(1)), ')",
    'insert into t values (1, $$x$$)',
    'insert into t values (1, $tag$x$tag$)',
    "insert into t values (1, u&'\\0061')",
    'insert into t select 1, x from arrow_scan(1::ubigint, 2::ubigint, 3::ubigint) y(x)',
    "insert into t select 1, s from glob('/*') y(s)",
    'insert into neighbour.n values (1)',
    'insert into main.x values (1)',
    'insert into temp.x values (1)',
    'insert into t select hidden, hidden from neighbour.n',
    'insert into t values (1, 2) returning s',
    'delete from t returning *',
    "insert into t select nextval('q'), 'x'",
    'insert into t values (1, 2); delete from t',
    'insert into t values (1, 2) -- \n ; delete from t',
    "copy t from '/etc/passwd'",
    'create table x as select 1',
    'drop table t',
    'select * from t',
    'pragma enable_profiling',
    "attach ':memory:' as m",
    'set variable x = 1',
    'begin',
    'commit',
    "insert into t select 1, json_structure(repeat('[', 100000))",
    'insert into t select 1, ((s)::json)::variant::varchar from t',
    'insert into t select a.range, b.range from range(10000000000) a, range(10000000000) b',
    `insert into t values (1, ${'('.repeat(50_000)}1))`,
    "insert into t values (1, 'no end)",
    'insert into t values (1, 2) /* no end',
    'insert into t values (1, \u00a02)',
  ]
  const all = [...readers, ...revealing, ...changing, ...exhausting]
  const shown = (sql: string) => (sql.length > 110 ? `${sql.slice(0, 107)}…` : sql)

  test('the corpus is what it says it is', () => {
    expect(new Set(all).size).toBe(all.length)
    expect(all.length + dml.length).toBeGreaterThan(200)
  })

  test.each([...readers, ...revealing, ...changing].map((sql) => [shown(sql), sql]))('SELECT: %s', async (_shown, sql) => {
    const before = await files()
    await refuses(lakehouse.select({ schema, sql }, { limit: 10 }), ['BAD_USER_INPUT'])
    await proof()
    expect(await files()).toBe(before)
  })

  test.each(exhausting.map((sql) => [shown(sql), sql]))('SELECT: %s', async (_shown, sql) => {
    const started = Date.now()
    await refuses(lakehouse.select({ schema, sql }, { limit: 10 }), ['BAD_USER_INPUT', 'TIMEOUT'])
    expect(Date.now() - started).toBeLessThan(timeoutMs + 2_500)
    await proof()
  })

  test.each(dml.map((sql) => [shown(sql), sql]))('DML: %s', async (_shown, sql) => {
    await refuses(lakehouse.execute({ schema, sql, paramSets: [undefined] }), ['BAD_USER_INPUT', 'TIMEOUT'])
    await proof()
  })

  test.each(all.filter((_, i) => i % 5 === 0).map((sql) => [shown(sql), sql]))(
    'as an export and as a source: %s',
    async (_shown, sql) => {
      await refuses(lakehouse.exportSelect({ schema, sql }, 'PARQUET'), ['BAD_USER_INPUT', 'TIMEOUT'])
      await refuses(
        lakehouse.exportSelect({ schema, sql }, 'ARROW').then(async ({ bytes }) => {
          for await (const _ of bytes);
        }),
        ['BAD_USER_INPUT', 'TIMEOUT'],
      )
      await refuses(lakehouse.writeTable({ schema, table: 'made', mode: 'CREATE' }, { sql }), ['BAD_USER_INPUT', 'TIMEOUT'])
      await proof()
    },
  )

  test('the neighbour is as it was', async () => {
    expect((await lakehouse.select({ schema: 'neighbour', sql: 'from n' }, { limit: 2 })).rows).toEqual([[42]])
  })

  test.each([
    'select 1',
    'values (1), (2)',
    'from t',
    'table t',
    'from victim.t',
    'from "victim"."t"',
    'from db.victim.t',
    'select i, sum(i) over (order by i rows 3 preceding) from t qualify row_number() over (partition by i % 3 order by i) < 3',
    'with x as (select * from t), y as materialized (select * from x) from y join x using (i)',
    'with recursive r as (select 1 i union all select i + 1 from r where i < 10) from r',
    'select * from t, lateral (select t.i * 2 as double_i)',
    'select unnest([1, 2, 3]), unnest({a: 1, b: 2})',
    "select list_transform([1, 2], lambda x: x + 1), [x * 2 for x in [1, 2] if x > 1], struct_pack(a := 1).a, map {'k': 1}['k']",
    "select json_extract('{\"a\": [1, 2]}', '$.a[0]'), '{\"a\": 1}'::json ->> 'a', to_json({a: 1})",
    'select key, value from json_each(\'{"a": 1}\')',
    'summarize t',
    'describe t',
    'describe select * from t',
    'show tables',
    'show t',
    'from (describe t)',
    "select * from (from t) pivot (sum(i) for s in ('1', '2'))",
    'unpivot (select 1 a, 2 b) on a, b',
    "select * exclude (s), columns('i') from t using sample 10",
    'select i % 2, count(*) filter (i > 5), quantile_cont(i, 0.5), histogram(i), approx_count_distinct(s) from t group by rollup (i % 2)',
    'select a.i from t a asof join t b on a.i >= b.i',
    'from t positional join t as b',
    "select strftime(now(), '%Y'), date_trunc('month', timestamp '2020-02-03'), age(timestamp '2020-01-01')",
    'from range(10)',
    'from range(5000000) limit 3',
    "from generate_series(timestamp '2020-01-01', timestamp '2020-01-02', interval 1 hour)",
    'select range(5), generate_series(1, 3)',
    'select table_name, column_name, data_type from information_schema.columns',
    'select table_name from information_schema.tables',
    "select regexp_extract_all('a1b2', '[0-9]'), md5('x'), uuid() is not null, hash(1), random() < 1",
    "select 'read_csv(''x'')', 'duckdb_settings'",
    'select 1; -- done',
    'select 1 /* ; */ ;',
    "select s from t where s similar to '1.*' and s glob '1*' and i between 1 and 20",
    'select current_schema(), current_date is not null',
  ])('still runs: %s', async (sql) => {
    const { rows, columns } = await lakehouse.select({ schema, sql }, { limit: 1000 })
    expect(columns.length).toBeGreaterThan(0)
    if (!sql.startsWith('select * from t where')) expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(directory)
    const { bytes } = await lakehouse.exportSelect({ schema, sql }, 'NDJSON')
    for await (const _ of bytes);
  })

  test.each([
    ["insert into work values (?, 'from ''x.csv'' read_csv(1)')", [1]],
    ["insert into work by name select 5 as i, 'x' as s", undefined],
    ['insert into work select i, s from t where i < 3', undefined],
    ['insert into work select range, unnest([range::varchar]) from range(3)', undefined],
    ['update work set "s" = upper(s) || $1 where i in (select i from t)', ['!']],
    ['update work set s = other.s from t other where other.i = work.i', undefined],
    ['with x as (select 1 as i) delete from work where i in (from x)', undefined],
    ['/* a comment */ delete from work -- and another', undefined],
    [
      "merge into work using (select 1000 as i, 'm' as s) x on work.i = x.i when not matched then insert values (x.i, x.s)",
      undefined,
    ],
  ])('DML still runs: %s', async (sql, params) => {
    await lakehouse.writeTable({ schema, table: 'work', mode: 'REPLACE' }, { sql: 'select i, s from t limit 10' })
    const { rowsAffected } = await lakehouse.execute({ schema, sql, paramSets: [params] })
    expect(rowsAffected).toBeGreaterThan(0)
    await lakehouse.dropTable(schema, 'work')
  })
})
