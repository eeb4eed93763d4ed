/** Oracle's SQL as PostgreSQL takes it: what this server and its contract suites send, not more. */

const keywords = new Set(
  `select from where and or not in is null as on join left right inner outer cross group by order having union all distinct exists
   between like case when then else end insert into values update set delete merge using matched create replace view table drop
   grant to asc desc with for interval hour default primary key unique true false over partition nulls first last escape cast
   any some intersect except minus fetch next rows only offset numeric double precision varchar text bytea json boolean timestamp
   time zone date commit rollback alter add columns`.split(/\s+/),
)
const definitionWords = new Set(
  'NUMBER VARCHAR2 NVARCHAR2 CHAR CLOB BLOB RAW BINARY_DOUBLE BINARY_FLOAT TIMESTAMP DATE JSON BOOLEAN INTERVAL DAY YEAR MONTH SECOND'.split(
    ' ',
  ),
)
/** What is called, and what is called instead. */
const functions: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    `count min max sum avg coalesce greatest least abs round upper lower length replace rtrim ltrim regexp_like regexp_replace
     cast`
      .split(/\s+/)
      .map((name) => [name, name]),
  ),
  nvl: 'coalesce',
  substr: 'substr',
  to_number: 'oracle.to_number',
  to_binary_double: 'oracle.to_double',
  to_boolean: 'oracle.to_boolean',
  to_char: 'oracle.to_char',
  to_timestamp: 'oracle.to_timestamp',
  from_tz: 'oracle.from_tz',
  sys_extract_utc: 'oracle.sys_extract_utc',
  json_scalar: 'to_json',
  json_serialize: 'oracle.json_text',
}

const types: readonly (readonly [RegExp, string])[] = [
  [/\bNUMBER\((\d+),(-?\d+)\)/g, 'numeric($1,$2)'],
  [/\bNUMBER\((\d+)\)/g, 'numeric($1,0)'],
  [/\bNUMBER\b/g, 'numeric'],
  [/\bBINARY_(DOUBLE|FLOAT)\b/g, 'double precision'],
  [/\bN?VARCHAR2\((\d+)\)/g, 'varchar($1)'],
  [/\bCLOB\b/g, 'text'],
  [/\bBLOB\b|\bRAW\(\d+\)/g, 'bytea'],
  [/\bTIMESTAMP\(9\)/g, 'timestamp(6)'],
  [/\bDATE\b/g, 'timestamp(0)'],
]

const lexer = /'(?:[^']|'')*'|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\/|:\d+|[A-Za-z][\w$#]*|[\s\S]/gy

export interface Translated {
  text: string
  /** The numbers of the parameters, in the order in which they stand in the text. */
  places: number[]
}

/** Unquoted names are in upper case to Oracle and in lower case to PostgreSQL. @param parameter what stands for one */
export function toPostgres(sql: string, parameter = (number: number) => `$${number}`): Translated {
  const isDefinition = /^\s*CREATE\s+TABLE/i.test(sql)
  let limit = ''
  const plain = sql
    .replaceAll(/TO_NUMBER\(([^()]*) DEFAULT NULL ON CONVERSION ERROR\)/g, 'TO_NUMBER(oracle_number($1))')
    .replaceAll(/TO_BINARY_DOUBLE\(([^()]*) DEFAULT NULL ON CONVERSION ERROR\)/g, 'TO_BINARY_DOUBLE(oracle_number($1))')
    .replaceAll(/ RETURNING CLOB\)/g, ')')
    .replaceAll(/ IS NOT NAN\b/g, " <> 'NaN'")
    .replaceAll(/ IS NOT INFINITE\b/g, " NOT IN ('Infinity', '-Infinity')")
    .replaceAll(/\bAND ROWNUM = 1\b/g, () => {
      limit = ' LIMIT 1'
      return ''
    })
    .replaceAll(/\bWHERE ROWNUM = 1\b/g, () => {
      limit = ' LIMIT 1'
      return ''
    })
    .replaceAll(/\bWHERE ROWNUM > 0\b/g, '')
    .replaceAll(/\bSYSTIMESTAMP\b/g, "(now() at time zone 'UTC')")
    .replaceAll(/= USER\b/g, "= current_setting('oracle.owner')")
    .replaceAll(/\bAS (NUMBER|BINARY_DOUBLE|TIMESTAMP|DATE|BOOLEAN|VARCHAR2)\b([^)]*\)?)/g, (cast) => typed(cast))
    .replaceAll(/\b1E(\d+)\b/g, '1e$1')
  const tokens = plain.match(lexer) ?? []
  const places: number[] = []
  const written = tokens.map((token, i) => {
    if (/^['"]|^--|^\/\*/.test(token)) return token
    if (/^:\d/.test(token)) {
      places.push(Number(token.slice(1)))
      return parameter(Number(token.slice(1)))
    }
    if (!/^[A-Za-z]/.test(token)) return token
    const lower = token.toLowerCase()
    const isCalled = tokens.slice(i + 1).find((next) => next.trim() !== '') === '('
    if (isCalled && functions[lower]) return functions[lower]
    if (lower === 'oracle_number') return 'oracle.number_or_null'
    if (keywords.has(lower) || /^(now|at|current_setting|e\d+)$/.test(lower) || /^\d/.test(tokens[i - 1] ?? '')) return token
    if (isDefinition && definitionWords.has(token.toUpperCase())) return token
    return `"${token.toUpperCase()}"`
  })
  const text = written.join('')
  return { text: (isDefinition ? typed(text) : text) + limit, places }
}

const typed = (text: string): string => types.reduce((rest, [from, to]) => rest.replaceAll(from, to), text)

/** What the double needs of a database. Roles and schemas of projects come when they are made. */
export const dictionary = `
create schema oracle;
create table oracle."DUAL" ("DUMMY" varchar(1));
insert into oracle."DUAL" values ('X');
create table oracle."PROJECTS" ("NAME" varchar(128) primary key);

create table oracle."ALL_PROCEDURES" ("OBJECT_NAME" varchar(128), "PROCEDURE_NAME" varchar(128));
create table oracle."LOAD_OPERATIONS" ("ID" serial primary key, "OWNER" varchar(128), "TABLE_NAME" varchar(128), "FILE_URI_LIST" text,
  "STATUS" varchar(32), "LOGFILE_TABLE" varchar(128), "BADFILE_TABLE" varchar(128));
create view oracle."USER_LOAD_OPERATIONS" as
  select * from oracle."LOAD_OPERATIONS" where "OWNER" = current_setting('oracle.owner');
create view oracle."USER_OBJECTS" as
  select c.relname::varchar(128) as "OBJECT_NAME", (case c.relkind when 'v' then 'VIEW' else 'TABLE' end)::varchar(128) as "OBJECT_TYPE"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = current_setting('oracle.owner') and c.relkind in ('r', 'v');
create view oracle."USER_TABLES" as
  select "OBJECT_NAME" as "TABLE_NAME" from oracle."USER_OBJECTS" where "OBJECT_TYPE" = 'TABLE';
create view oracle."USER_DEPENDENCIES" as
  select distinct v.relname::varchar(128) as "NAME", 'VIEW'::varchar(128) as "TYPE", t.relname::varchar(128) as "REFERENCED_NAME", 'TABLE'::varchar(128) as "REFERENCED_TYPE",
    n.nspname::varchar(128) as "REFERENCED_OWNER"
  from pg_rewrite r join pg_class v on v.oid = r.ev_class and v.relkind = 'v'
  join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
  join pg_class t on t.oid = d.refobjid and t.relkind = 'r' join pg_namespace n on n.oid = t.relnamespace
  where n.nspname = current_setting('oracle.owner');
create view oracle."USER_TAB_PRIVS_MADE" as
  select c.relname::varchar(128) as "TABLE_NAME" from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
  where n.nspname = current_setting('oracle.owner') and a.grantee <> c.relowner;
create view oracle."USER_TAB_COLUMNS" as
  select c.relname::varchar(128) as "TABLE_NAME", a.attname::varchar(128) as "COLUMN_NAME", a.attnum::int as "COLUMN_ID",
    (case a.atttypid::regtype::text when 'numeric' then 'NUMBER' when 'double precision' then 'BINARY_DOUBLE'
      when 'character varying' then 'VARCHAR2' when 'text' then 'CLOB' when 'bytea' then 'BLOB' when 'boolean' then 'BOOLEAN'
      when 'json' then 'JSON' when 'character' then 'CHAR' when 'timestamp with time zone' then 'TIMESTAMP(6) WITH TIME ZONE'
      when 'timestamp without time zone' then case a.atttypmod when 0 then 'DATE' else 'TIMESTAMP(6)' end else 'OTHER' end)::varchar(128) as "DATA_TYPE",
    case when a.atttypid = 'numeric'::regtype and a.atttypmod >= 0 then ((a.atttypmod - 4) >> 16) & 65535 end as "DATA_PRECISION",
    case when a.atttypid = 'numeric'::regtype and a.atttypmod >= 0 then (a.atttypmod - 4) & 2047 end as "DATA_SCALE",
    case when a.atttypid in ('varchar'::regtype, 'bpchar'::regtype) and a.atttypmod >= 0 then a.atttypmod - 4 else 22 end as "DATA_LENGTH",
    (case when a.attnotnull then 'N' else 'Y' end)::varchar(1) as "NULLABLE"
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = current_setting('oracle.owner') and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'v');

create function oracle.to_number(text) returns numeric language sql immutable as 'select $1::numeric';
create function oracle.to_number(numeric) returns numeric language sql immutable as 'select $1';
create function oracle.to_number(double precision) returns numeric language sql immutable as 'select $1::numeric';
create function oracle.number_or_null(text) returns text language sql immutable as
  $$ select case when $1 ~ '^\\s*[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?\\s*$' then $1 end $$;
create function oracle.to_double(text) returns double precision language sql immutable as 'select $1::double precision';
create function oracle.to_double(numeric) returns double precision language sql immutable as 'select $1::double precision';
create function oracle.to_boolean(text) returns boolean language sql immutable as 'select $1::boolean';
create function oracle.to_boolean(numeric) returns boolean language sql immutable as 'select $1 <> 0';
create function oracle.to_char(text) returns text language sql immutable as 'select $1';
create function oracle.to_char(numeric) returns text language sql immutable as 'select trim_scale($1)::text';
create function oracle.to_char(numeric, text) returns text language sql immutable as 'select trim_scale($1)::text';
create function oracle.to_char(double precision) returns text language sql immutable as 'select $1::text';
create function oracle.to_char(boolean) returns text language sql immutable as 'select upper($1::text)';
create function oracle.to_char(timestamp) returns text language sql immutable as 'select $1::text';
create function oracle.to_char(timestamp, text) returns text language sql immutable as
  $$ select pg_catalog.to_char($1, ' YYYY-MM-DD"T"HH24:MI:SS') || case when $2 like '%FF9' then pg_catalog.to_char($1, '.US') || '000' else '' end $$;
create function oracle.to_timestamp(text, text) returns timestamp language sql immutable as
  $$ select replace(rtrim($1, 'Z'), 'T', ' ')::timestamp $$;
create function oracle.from_tz(timestamp, text) returns timestamptz language sql immutable as $$ select $1 at time zone 'UTC' $$;
create function oracle.sys_extract_utc(timestamptz) returns timestamp language sql immutable as $$ select $1 at time zone 'UTC' $$;
create function oracle.json_text(json) returns text language sql immutable as 'select $1::text';
grant usage on schema oracle to public;
grant select on all tables in schema oracle to public;
revoke all on oracle."PROJECTS", oracle."LOAD_OPERATIONS" from public;
`
