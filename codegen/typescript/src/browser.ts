// What `import … from 'dhuo-client'` gives in a browser.

import { type BrowserDownloadTarget, type BrowserUploadSource, browserPlatform } from './browser-platform.js'
import { type Client, type ClientOptions, createClientOn } from './client.js'

export type DhuoClient = Client<BrowserUploadSource, BrowserDownloadTarget>

/** A client of one server. It holds no connection until it is asked for something. */
export const createClient = (options: ClientOptions): DhuoClient => createClientOn(browserPlatform, options)

export type { BrowserDownloadTarget, BrowserUploadSource } from './browser-platform.js'
export * from './exported.js'
