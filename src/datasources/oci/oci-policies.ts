// Names the policies of OCI IAM that this server needs: the doctor prints them where one is missing, docs/oci.md lists them all.

/** A dynamic group where the server has no API key: then `dynamic-group` stands in the place of `group`. */
const server = "group <this server's group>"

const allow = (who: string, verb: string, what: string, place: string, condition = ''): string =>
  `Allow ${who} to ${verb} ${what} in ${place}${condition && ` where ${condition}`}`

const compartmentId = (compartment: string): string => `compartment id ${compartment}`
const ofBucket = compartmentId('<that of the bucket>')
const isBucket = (bucket: string): string => `target.bucket.name='${bucket}'`

/*
 * The wording is Oracle's:
 * https://docs.oracle.com/iaas/Content/Identity/policyreference/objectstoragepolicyreference.htm
 * https://docs.oracle.com/iaas/data-flow/using/policies.htm
 * https://docs.oracle.com/iaas/Content/Functions/Tasks/functionscreatingpolicies.htm
 */

/** @param compartment of the buckets: an OCID, or what stands in its place in a text */
export const storagePolicies = (compartment: string) => ({
  /** Makes them, looks at them, and makes pre-authenticated requests. */
  buckets: allow(server, 'manage', 'buckets', compartmentId(compartment)),
  objects: allow(server, 'manage', 'objects', compartmentId(compartment)),
  /** The service's own, without which nothing tidies up after uploads that nobody ended. */
  tidying: allow('service objectstorage-<region>', 'manage', 'object-family', compartmentId(compartment)),
})

/** @param compartment of the applications and runs */
export const dataFlowPolicies = (compartment: string, bucket: string, logsBucket: string) => ({
  runs: allow(server, 'manage', 'dataflow-family', compartmentId(compartment)),
  objects: allow(server, 'manage', 'objects', ofBucket, isBucket(bucket)),
  /** For pre-authenticated requests: runs write their lines by one where they cannot reach the server. */
  buckets: allow(server, 'manage', 'buckets', ofBucket, isBucket(bucket)),
  /** The service's own, to show its logs. */
  logs: allow('service dataflow', 'read', 'objects', 'tenancy', isBucket(logsBucket)),
})

/** @param compartment of the application */
export const functionPolicies = (compartment: string, bucket: string) => ({
  functions: allow(server, 'manage', 'functions-family', compartmentId(compartment)),
  /** Enough where only archives are built. */
  calls: allow(server, 'use', 'functions-family', compartmentId(compartment)),
  objects: allow(server, 'manage', 'objects', ofBucket, isBucket(bucket)),
  buckets: allow(
    server,
    'manage',
    'buckets',
    ofBucket,
    `all {${isBucket(bucket)}, any {request.permission='BUCKET_INSPECT', request.permission='BUCKET_READ', request.permission='PAR_MANAGE'}}`,
  ),
  /** The service's own. */
  images: allow('service FaaS', 'read', 'repos', 'tenancy'),
  network: allow('service FaaS', 'use', 'virtual-network-family', compartmentId('<that of the subnet>')),
})
