import { type DocumentNode, getOperationAST, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'

/** How logs and metrics name an operation: by what the schema calls it, never by what the client does. */
export interface OperationLabel {
  type: 'query' | 'mutation' | 'subscription' | 'unknown'
  /** The root field; `several` when there is more than one. Of a document that passed validation, so the set is bounded. */
  field: string
}

/** Of a request that did not get as far as an operation. */
export const unknownOperation: OperationLabel = Object.freeze({ type: 'unknown', field: '' })

const labels = new WeakMap<OperationDefinitionNode, OperationLabel>()

/** @param document that passed validation */
export function labelOf(document: DocumentNode, operationName: string | null | undefined): OperationLabel {
  const operation = getOperationAST(document, operationName)
  if (!operation) return unknownOperation
  let label = labels.get(operation)
  if (!label) {
    const names = new Set<string>()
    collectRootFields(document, operation.selectionSet, names)
    label = { type: operation.operation, field: names.size === 1 ? [...names][0]! : 'several' }
    labels.set(operation, label)
  }
  return label
}

function collectRootFields(document: DocumentNode, set: SelectionSetNode, names: Set<string>): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) names.add(selection.name.value)
    else if (selection.kind === Kind.INLINE_FRAGMENT) collectRootFields(document, selection.selectionSet, names)
    else
      for (const definition of document.definitions)
        if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value)
          collectRootFields(document, definition.selectionSet, names)
  }
}
