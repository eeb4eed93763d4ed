import { linksSuite } from '../graphql/links-suite.js'

// Stories of the API, once more, with the objects in a double of OCI. Nothing is killed here: they take too long for every day.
process.env['DHUO_TEST_STORAGE'] = 'oci'
linksSuite([1, 300])
await import('../graphql/deployments.test.js')
await import('../graphql/predictions.test.js')
