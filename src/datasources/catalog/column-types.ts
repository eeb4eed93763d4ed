// Types of columns that both databases give back as they took them.

/** ISO 8601 in UTC with milliseconds: sorts as text, and is the same in SQLite and PostgreSQL. */
export type Timestamp = string
/** 0 or 1, for false and true. */
export type Flag = 0 | 1
