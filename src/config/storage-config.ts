import { z } from 'zod'
import { type OciServiceAddress, takeAddress } from './oci-config.js'
import { pathIn } from './path-url.js'

export const storageSettings = {
  DHUO_STORAGE_URL: z
    .string()
    .transform((url, check) => {
      const storage = storageOf(url)
      if (typeof storage !== 'string') return storage
      check.addIssue(storage)
      return z.NEVER
    })
    .optional(),
}

export interface LocalStorageConfig {
  scheme: 'file'
  directory: string
}
export interface OciStorageConfig {
  scheme: 'oci'
  /** Of the tenancy: https://docs.oracle.com/iaas/Content/Object/Tasks/understandingnamespaces.htm */
  namespace: string
  /** OCID of the compartment (or tenancy) that buckets are made in. */
  compartment: string
  address: OciServiceAddress
  /** Clients send and fetch bytes at Object Storage itself; otherwise through this server. */
  directTransfer: boolean
}
export type StorageConfig = LocalStorageConfig | OciStorageConfig

/** What the URL says, or what is wrong with it. */
function storageOf(url: string): { scheme: 'file'; url: string } | OciStorageConfig | string {
  if (/^file:./s.test(url)) return { scheme: 'file', url }
  const [, namespace, search] = /^oci:\/\/([\w-]+)\/?(?:\?(.*))?$/s.exec(url) ?? []
  if (namespace === undefined) return 'must be file:<path> or oci://<namespace>?compartment=<ocid>'
  const query = new Map(new URLSearchParams(search))
  const address = takeAddress(query)
  if (typeof address === 'string') return address
  const { compartment = '', transfer = 'direct', ...unknown } = Object.fromEntries(query)
  if (!/^ocid1\.(compartment|tenancy)\.[\w.-]+$/.test(compartment))
    return 'must name a compartment by its OCID: ?compartment=ocid1.compartment.…'
  if (transfer !== 'direct' && transfer !== 'server') return 'has a transfer that is neither direct nor server'
  if (Object.keys(unknown).length > 0) return 'knows compartment, region, endpoint and transfer, and nothing else'
  return { scheme: 'oci', namespace, compartment, address, directTransfer: transfer === 'direct' }
}

export const storageConfig = (
  { DHUO_STORAGE_URL: storage }: z.infer<z.ZodObject<typeof storageSettings>>,
  home: string,
): StorageConfig => (storage?.scheme === 'oci' ? storage : { scheme: 'file', directory: pathIn(storage?.url, home, 'buckets') })
