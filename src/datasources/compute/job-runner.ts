// The port to what runs scripts: one job for each attempt of a step of a pipeline run.
import type { Readable } from 'node:stream'

/** A file that travels with a job. `localFile` is preferred; `open` streams the bytes where there is none. */
export interface JobFile {
  /** The last part of the name, for example `train.py`. */
  name: string
  localFile: string | null
  open(): Promise<Readable>
}

export interface JobSubmission {
  /** Unique for run, step and attempt. Submitting the same key again gives the same job, and starts nothing. */
  key: string
  /** For people who look at the backend: `<project>/<deployment>#<number>/<step>`. */
  displayName: string
  script: JobFile
  arguments: readonly string[]
  /** The dependency archive, in the layout of OCI Data Flow; null where there is none. */
  archive: (JobFile & { sha256: string }) | null
  environment: Readonly<Record<string, string>>
  cluster: 'SMALL' | 'MEDIUM' | 'LARGE'
  /** Wall clock, from the start of the script; null: no bound of its own. */
  timeoutSeconds: number | null
}

export type JobState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED'

export interface JobStatus {
  jobId: string
  state: JobState
  /** Why it failed, in words for its user: exit code, signal, time-out, memory. Null where there is nothing to say. */
  detail: string | null
}

export interface JobLine {
  stream: 'STDOUT' | 'STDERR' | 'SYSTEM'
  /** Without the line's end; valid Unicode (other bytes are replaced), bounded in length: the cut is marked. */
  text: string
  /** When it came. ISO 8601. */
  at: string
}

/** What a runner says of a job, in order; the last is always a final state, and comes after every line. */
export type JobEvent = { type: 'status'; status: JobStatus } | { type: 'lines'; lines: JobLine[] }

/**
 * One kind of compute backend. Throws `DhuoError`: `BACKEND_UNAVAILABLE` when it does not answer, `PRECONDITION_FAILED`
 * when it cannot run such a job at all (no Python, say).
 */
export interface JobRunner {
  /** The scheme of the URL that chose it: `local`, `spark-submit`, `oci-dataflow`. */
  readonly kind: string
  readonly supports: {
    /** Jobs live on when this server dies, and another one can watch them. */
    survivesServer: boolean
  }
  /** Resolves when jobs can be submitted. */
  ping(): Promise<void>
  /** Resolves when the backend has taken the job. */
  submit(submission: JobSubmission): Promise<{ jobId: string }>
  /**
   * The job from its beginning, or, for one whose lines were handed out before, from where it is. Ends after a final state.
   * A job that is not known (its runner died with the server that started it) is FAILED, with a detail that says so.
   * @param signal ends the watching, not the job
   */
  watch(jobId: string, signal: AbortSignal): AsyncIterable<JobEvent>
  /** Asks it to end (TERM), then ends it (KILL). Idempotent; resolves when it was asked, the end comes through `watch`. */
  cancel(jobId: string): Promise<void>
  /** Ends what does not survive the server, then the connection. */
  close(): Promise<void>
}
