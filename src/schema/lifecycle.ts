import type { Lifecycle } from '../datasources/catalog/experiment-rows.js'
import { enumOf } from './enum-of.js'

export const LifecycleEnum = enumOf<Lifecycle>('Lifecycle', 'Whether an experiment or a run is deleted.', {
  ACTIVE: 'In use.',
  DELETED: 'In no list, and nothing can be written to it; its id still finds it, and it can be restored.',
})
