/** How large the machines are that a step runs on: DHuOlib's sizes 1, 2 and 3. Where steps run on this machine, nothing of it counts. */
export interface ClusterShape {
  /** Shapes of OCI Compute. Data Flow wants both from one family. */
  driverShape: string
  executorShape: string
  executors: number
}

const shape = 'VM.Standard.E4.Flex'

export const clusterShapes: Readonly<Record<'SMALL' | 'MEDIUM' | 'LARGE', ClusterShape>> = {
  SMALL: { driverShape: shape, executorShape: shape, executors: 1 },
  MEDIUM: { driverShape: shape, executorShape: shape, executors: 2 },
  LARGE: { driverShape: shape, executorShape: shape, executors: 4 },
}
