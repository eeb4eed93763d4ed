// A story that touches objects often, once more, with the objects in a double of OCI. More of them: test/faults/on-oci.test.ts.
process.env['DHUO_TEST_STORAGE'] = 'oci'
await import('./datasets.test.js')
