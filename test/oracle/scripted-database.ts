import {
  type Database,
  type DatabaseAnswer,
  type DatabaseBind,
  type DatabaseColumn,
  type DatabaseSession,
  type Login,
  OracleFault,
} from './oracle-database.js'

/** What a statement gets: an answer, an error, or silence until somebody cancels it. */
type Reply = DatabaseAnswer | OracleFault | 'silence'

export interface SentStatement {
  /** The account that it ran as. */
  account: string
  sql: string
  sets: readonly (readonly DatabaseBind[])[]
}

const nothing = { columns: [{ name: 'N', type: 'NUMBER' }], rows: [] } as const

/** A database behind the listener that knows no SQL: it says what it was told to, and keeps account of what it was sent. */
export class ScriptedDatabase implements Database {
  readonly sent: SentStatement[] = []
  /** How many statements were cancelled, transactions committed and connections ended. */
  readonly seen = { cancelled: 0, committed: 0, ended: 0 }
  /** Called before a transaction is committed. */
  beforeCommit: () => void | Promise<void> = () => {}
  readonly #replies: { pattern: RegExp; reply: Reply | ((statement: SentStatement) => Reply) }[] = []
  readonly #refused = new Map<string, OracleFault>()

  /** Of statements that match; those that were said last come first. */
  reply(pattern: RegExp, reply: Reply | ((statement: SentStatement) => Reply)): this {
    this.#replies.unshift({ pattern, reply })
    return this
  }

  /** Nobody comes in as this account until `admit`. */
  refuse(account: string, fault: OracleFault): this {
    this.#refused.set(account, fault)
    return this
  }

  admit(account: string): void {
    this.#refused.delete(account)
  }

  /** What was sent and matches. */
  sentLike(pattern: RegExp): SentStatement[] {
    return this.sent.filter(({ sql }) => pattern.test(sql))
  }

  async login({ user, client }: Login): Promise<DatabaseSession> {
    const account = client ?? user
    const fault = this.#refused.get(account)
    if (fault) throw fault
    return this.#session(account)
  }

  #replyTo(statement: SentStatement): Reply {
    const found = this.#replies.find(({ pattern }) => pattern.test(statement.sql))
    if (!found) return /^\s*(SELECT|WITH)\b/i.test(statement.sql) ? nothing : {}
    return typeof found.reply === 'function' ? found.reply(statement) : found.reply
  }

  #session(account: string): DatabaseSession {
    let cancel = () => {}
    return {
      describe: async (sql): Promise<readonly DatabaseColumn[] | null> => {
        const reply = this.#replyTo({ account, sql, sets: [] })
        if (reply instanceof OracleFault) throw reply
        return reply === 'silence' ? [{ name: 'N', type: 'NUMBER' }] : (reply.columns ?? null)
      },
      execute: async (sql, sets) => {
        const statement = { account, sql, sets }
        this.sent.push(statement)
        const reply = this.#replyTo(statement)
        if (reply instanceof OracleFault) throw reply
        if (reply !== 'silence') return { rowsAffected: sets.length, ...reply }
        return new Promise((_, reject) => {
          cancel = () => reject(new OracleFault(1013, 'User requested cancel of current operation.'))
        })
      },
      commit: async () => {
        await this.beforeCommit()
        this.seen.committed++
      },
      rollback: async () => {},
      cancel: () => {
        this.seen.cancelled++
        cancel()
      },
      close: async () => {
        this.seen.ended++
      },
    }
  }
}
