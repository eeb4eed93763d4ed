import type { DocumentNode, GraphQLSchema } from 'graphql'

/** The modules of the client by name, without `.py`. */
export function pythonModules(schema: GraphQLSchema, documents: readonly { document: DocumentNode }[]): Record<string, string>
