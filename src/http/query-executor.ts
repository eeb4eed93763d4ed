import { type ExecutionArgs, type ExecutionResult, execute, type GraphQLSchema, getOperationAST, isObjectType } from 'graphql'
import type { DocumentStore } from './document-store.js'
import { QueryExecution } from './query-execution.js'
import { coerceVariables } from './query-variables.js'

export type Executor = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>

/**
 * In the place of `execute` of graphql-js, with the same answers: several times as fast where an answer has many objects, as
 * what is the same for all of them is worked out once. Documents come from the store and have been validated.
 */
export function createExecutor(schema: GraphQLSchema, documents: DocumentStore): Executor {
  for (const type of Object.values(schema.getTypeMap()))
    if (isObjectType(type) && type.isTypeOf) throw new Error(`${type.name} has isTypeOf, which the executor does not ask.`)
  return (args) => {
    const { document, contextValue, operationName, variableValues, rootValue } = args
    const operation = getOperationAST(document, operationName)
    // graphql-js says what is wrong with the name.
    if (!operation) return execute(args)
    const { coerced, errors } = coerceVariables(schema, operation, variableValues ?? {})
    if (errors) return { errors }
    return new QueryExecution(schema, documents.planOf(document, operation, coerced), coerced, contextValue, rootValue).run()
  }
}
