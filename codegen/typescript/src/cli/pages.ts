interface Page<Item> {
  nodes: readonly Item[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

/** All items of a list, page by page. */
export async function* pagesOf<Item>(read: (after: string | null) => Promise<Page<Item>>): AsyncGenerator<Item, void, undefined> {
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo } = await read(after)
    yield* nodes
    if (!pageInfo.hasNextPage) return
    after = pageInfo.endCursor
  }
}

export async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}
