import { begin } from './postgres-of-this-run.mjs'

export default begin
