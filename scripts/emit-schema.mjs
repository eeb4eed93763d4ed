// Writes schema.graphql, the public contract, from the code. `npm run schema` builds first.
import { writeFileSync } from 'node:fs'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { createGraphQLSchema } from '../dist/graphql-schema.js'

writeFileSync('schema.graphql', `${printSchema(lexicographicSortSchema(await createGraphQLSchema()))}\n`)
