import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DocumentNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse, visit } from 'graphql'

const folder = join(import.meta.dirname, '..', '..', 'codegen', 'operations')

/** What lies in codegen/operations, by file. */
export const operationFiles: { name: string; document: DocumentNode }[] = readdirSync(folder)
  .toSorted()
  .map((name) => ({ name, document: parse(readFileSync(join(folder, name), 'utf8')) }))

const definitions = operationFiles.flatMap(({ document }) => document.definitions)
export const operations = definitions.filter((node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION)
export const fragments = definitions.filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)

/** The operation with the fragments that it spreads, and theirs: the document that a client sends. */
export function documentOf(operation: OperationDefinitionNode): DocumentNode {
  const needed = new Set<FragmentDefinitionNode>()
  const add = (node: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(node, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.find((each) => each.name.value === name.value)
        if (!fragment || needed.has(fragment)) return
        needed.add(fragment)
        add(fragment)
      },
    })
  }
  add(operation)
  return { kind: Kind.DOCUMENT, definitions: [operation, ...needed] }
}
