import { end } from './postgres-of-this-run.mjs'

export default end
