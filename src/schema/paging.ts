import { ArgsType, type ClassType, Field, Int, ObjectType } from 'type-graphql'
import type { Page } from '../datasources/catalog/page.js'
import { badInput } from '../errors.js'

@ObjectType({ description: 'Where a page ends and whether more follows.' })
export class PageInfo {
  @Field({ description: 'True when there is another page.' })
  hasNextPage!: boolean

  @Field(() => String, { nullable: true, description: 'Send it as `after` for the next page; null when this page is empty.' })
  endCursor!: string | null
}

const mostPerPage = 500

@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: 'How many at most: 1 to 500 unless the field says more, default 50.' })
  first?: number | null

  @Field(() => String, { nullable: true, description: 'The `endCursor` of the page before, or the cursor of an edge.' })
  after?: string | null
}

/**
 * `first` within its bounds.
 * @throws BAD_USER_INPUT
 */
export function pageOf({ first, after }: PageArgs, most = mostPerPage): { first: number; after: string | null } {
  const size = first ?? Math.min(50, most)
  if (size < 1 || size > most) throw badInput('first', `first must be between 1 and ${most}; it is ${size}.`)
  return { first: size, after: after ?? null }
}

/** What a connection resolves from: parts that nobody asks for are not computed. */
export interface ConnectionSource<Row> {
  nodes: Row[]
  edges(): { cursor: string; node: Row }[]
  pageInfo(): PageInfo
  totalCount(): Promise<number>
}

export function toConnection<Row>(page: Page<Row>, totalCount: () => Promise<number>): ConnectionSource<Row> {
  return {
    nodes: page.rows,
    edges: () => page.rows.map((node) => ({ cursor: page.cursorOf(node), node })),
    pageInfo: () => {
      const last = page.rows.at(-1)
      return { hasNextPage: page.hasNextPage, endCursor: last === undefined ? null : page.cursorOf(last) }
    },
    totalCount,
  }
}

/** Makes the types `<name>Connection` and `<name>Edge`. */
export function connectionOf<Item extends object>(item: () => ClassType<Item>, name: string) {
  @ObjectType(`${name}Edge`, {
    simpleResolvers: true,
    description: `${/^[AEIO]/.test(name) ? 'An' : 'A'} ${name} and its place in a list.`,
  })
  class Edge {
    @Field({ description: 'Send it as `after` to begin behind this one.' })
    cursor!: string

    @Field(item, { description: `The ${name} at this place.` })
    node!: Item
  }

  @ObjectType(`${name}Connection`, {
    simpleResolvers: true,
    description: `A page of a list of ${name}. Its order is stable while others are inserted.`,
  })
  class Connection {
    @Field(() => [item()], { description: 'Shortcut for `edges.node`.' })
    nodes!: Item[]

    @Field(() => [Edge], { description: 'With the cursor of each.' })
    edges!: Edge[]

    @Field(() => PageInfo, { description: 'Whether and where it goes on.' })
    pageInfo!: PageInfo

    @Field(() => Int, { description: 'How many there are on all pages together. Computed only when it is asked for.' })
    totalCount!: number
  }
  return Connection
}
