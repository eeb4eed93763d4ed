// Names each statement after the method of the store that it is of, so that a line of the database's log leads to its source.
import type { CompiledQuery, Kysely, KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs } from 'kysely'
import type { Tables } from './tables.js'

const names = new WeakMap<CompiledQuery['queryId'], string>()

/** `runs.search`; nothing where the SQL was not put together by kysely. */
export const nameOf = ({ queryId }: CompiledQuery): string | undefined => names.get(queryId)

class StatementName implements KyselyPlugin {
  constructor(private readonly name: string) {}

  transformQuery({ node, queryId }: PluginTransformQueryArgs) {
    names.set(queryId, this.name)
    return node
  }

  async transformResult({ result }: PluginTransformResultArgs) {
    return result
  }
}

/** A store whose methods have a database each, made when it is first wanted. */
export function namedStore<Store extends object>(
  name: string,
  StoreClass: new (db: Kysely<Tables>) => Store,
  db: Kysely<Tables>,
): Store {
  const methods = new Map<PropertyKey, unknown>()
  return new Proxy(new StoreClass(db), {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      let method = methods.get(key)
      if (!method) {
        method = member.bind(new StoreClass(db.withPlugin(new StatementName(`${name}.${String(key)}`))))
        methods.set(key, method)
      }
      return method
    },
  })
}
