// Which of DuckDB's functions users may call. Table functions: the listed ones only. Others: all but the listed ones.

/** They read nothing but their arguments. Every other table function reads files, settings, logs, memory, or runs SQL given as text. */
export const allowedTableFunctions: ReadonlySet<string> = new Set([
  'generate_series',
  'json_each',
  'range',
  'repeat',
  'repeat_row',
  'unnest',
])

const deniedFunctions: ReadonlySet<string> = new Set([
  // Settings, paths and the state of a session.
  'current_setting',
  'getvariable',
  'setseed',
  'set_config',
  'stats',
  'vector_type',
  'in_search_path',
  // They write, or take part in nothing a SELECT should change.
  'nextval',
  'currval',
  'write_log',
  'parse_duckdb_log_message',
  'checkpoint',
  'force_checkpoint',
  // They hold a thread and do nothing.
  'sleep_ms',
  'pg_sleep',
  // SQL as data.
  'json_serialize_sql',
  'json_deserialize_sql',
  'json_serialize_plan',
  'json_execute_serialized_sql',
  'query',
  'query_table',
  // They recurse over their argument: deep nesting overflows the stack, and that ends the process (seen with 1.5.5).
  'json_structure',
  'json_group_structure',
  'json_transform',
  'json_transform_strict',
  'from_json',
  'from_json_strict',
  'json_merge_patch',
  'json_contains',
  'json_tree',
  // Internal states and encodings, unsafe with bytes somebody made up.
  'combine',
  'finalize',
  'create_sort_key',
  'make_type',
  'get_type',
  'cast_to_type',
  'st_geomfromwkb',
])
const deniedPrefix = /^(__|variant_|duckdb_|pragma_|read_|sniff_|parquet_|arrow_scan|sqlite_|test_)/

export const isDeniedFunction = (name: string): boolean => deniedFunctions.has(name) || deniedPrefix.test(name)

/** Views of the system that are found without a schema; some hold paths and settings. A table of a user's cannot be named like one. */
export const isSystemName = (name: string): boolean => /^(duckdb_|pragma_|pg_|sqlite_)/.test(name) || name === accountsSchema

/** Where the server keeps account of what it added to the tables of a project. No project can be called so. */
export const accountsSchema = '_dhuo_accounts'

/** What a project may see of `information_schema`. */
export const informationSchemaViews: ReadonlySet<string> = new Set([
  'columns',
  'constraint_column_usage',
  'key_column_usage',
  'referential_constraints',
  'schemata',
  'table_constraints',
  'tables',
])

/** For functions whose result is as large as an argument says: that argument's place, and what it may be as a literal. */
export const sizeArguments: ReadonlyMap<string, readonly number[]> = new Map([
  ['repeat', [1]],
  ['lpad', [1]],
  ['rpad', [1]],
  ['bitstring', [1]],
  ['list_resize', [1]],
  ['array_resize', [1]],
  ['range', [0, 1]],
  ['generate_series', [0, 1]],
])
export const maxLiteralSize = 1_000_000
/** For such functions inside each other. */
export const maxResultSize = 100_000_000
