// What `import … from 'dhuo-client'` gives in Node.
import { type Client, type ClientOptions, createClientOn } from './client.js'
import { type NodeDownloadTarget, type NodeUploadSource, nodePlatform } from './node-platform.js'

export type DhuoClient = Client<NodeUploadSource, NodeDownloadTarget>

/** A client of one server. It holds no connection until it is asked for something. */
export const createClient = (options: ClientOptions): DhuoClient => createClientOn(nodePlatform, options)

export * from './exported.js'
export type { NodeDownloadTarget, NodeUploadSource } from './node-platform.js'
