// The port to what runs scripts: one job for each attempt of a step of a pipeline run.
import type { Readable } from 'node:stream'

/** A file that travels with a job. `localFile` is preferred; `open` streams the bytes where there is none. */
export interface JobFile {
  /** The last part of the name, for example `train.py`; its ending says what runs it. */
  name: string
  /** Is copied, never linked or changed. */
  localFile: string | null
  /** Of its bytes, in lower-case hex; null where nobody has counted it yet. */
  sha256: string | null
  open(): Promise<Readable>
}

/** A dependency archive, in the layout of OCI Data Flow. */
export type JobArchive = JobFile & { sha256: string }

export const clusterSizes = ['SMALL', 'MEDIUM', 'LARGE'] as const
export type ClusterSize = (typeof clusterSizes)[number]

/** How large the machines are that a step runs on. */
export interface ClusterShape {
  /** As the backend calls machines. */
  driverShape: string
  executorShape: string
  executors: number
}

/** What all jobs of one version of a deployment share. */
export interface JobApplication {
  /** Of the deployment, for ever. */
  key: string
  /** For people who look at the backend: `<project>/<deployment>`. */
  displayName: string
  /** What the backend called it the last time; null where it does not know it, as far as is known here. */
  applicationId: string | null
  /** Of all steps. */
  scripts: readonly JobFile[]
  archive: JobArchive | null
  cluster: ClusterSize
}

export interface JobSubmission {
  /**
   * Unique for run, step and attempt. Submitting the same key again gives the same job, and starts nothing; a runner whose jobs
   * do not survive the server knows the keys of jobs that run and, for an hour or so, of those that have ended.
   */
  key: string
  /** A server that died may have submitted it already: a backend that outlives servers has to look before it begins it. */
  mayBeKnown: boolean
  /** For people who look at the backend: `<project>/<deployment>#<number>/<step>`. */
  displayName: string
  script: JobFile
  arguments: readonly string[]
  /** Null where there is none. */
  archive: JobArchive | null
  /** What it belongs to, with this script and this archive; null for a job that stands alone. */
  application: JobApplication | null
  /** Besides it a script sees what its backend sets; locally `DHUO_ARCHIVE`, where the archive was unpacked, and `DHUO_JOB`. */
  environment: Readonly<Record<string, string>>
  cluster: ClusterSize
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

/**
 * The place of a line or mark among those of its source, which count 1, 2, 3 …: what is written down already is known by it,
 * by whichever way and however often it comes.
 */
export interface OutputPlace {
  /** `script`: the script's own output, in the order in which its wrapper heard it. Others are the backend's own (a log of its own). */
  source: string
  number: number
}

export interface JobLine {
  /** `SYSTEM`: not the script speaks but its runner, for example of output that was dropped. */
  stream: 'STDOUT' | 'STDERR' | 'SYSTEM'
  /** Without the line's end; valid Unicode (other bytes are replaced), bounded in length: the cut is marked. */
  text: string
  /** When it came. ISO 8601. */
  at: string
  /** Of a line that may come more than once. */
  place?: OutputPlace
}

/** What a script says of itself among its lines: how far it is, and whether it has failed. */
export interface JobMark {
  /** ISO 8601. */
  at: string
  /** 0 to 1. */
  progress: number | null
  message: string | null
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | null
  place: OutputPlace
}

/**
 * What a runner says of a job, in order; the last is always a final state, and comes after every line. `seen`: the backend has
 * confirmed the state that was said last, at this time (ISO 8601); runners that hear of changes as they happen do not say it.
 */
export type JobEvent =
  | { type: 'status'; status: JobStatus }
  | { type: 'lines'; lines: JobLine[] }
  | { type: 'mark'; mark: JobMark }
  | { type: 'seen'; at: string }

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
    /** It keeps something for a deployment, before its first job and after its last. */
    applications: boolean
  }
  /** The machines that the sizes stand for. Where jobs run on this machine nothing of it counts. */
  readonly clusters: Readonly<Record<ClusterSize, ClusterShape>>
  /** Resolves when jobs can be submitted. */
  ping(): Promise<void>
  /**
   * Makes what the backend keeps for a deployment, or brings it up to date; jobs that run are not touched by it. Idempotent.
   * @returns what the backend calls it; null where it keeps nothing
   */
  prepare(application: JobApplication): Promise<string | null>
  /** Removes it, whatever is left of it. Idempotent; for a deployment that has no jobs and will have none. */
  discard(application: Pick<JobApplication, 'key' | 'applicationId'>): Promise<void>
  /**
   * Resolves when the backend has taken the job: it may wait there for its turn. What goes wrong later (a script that cannot be
   * read, an archive that is damaged) fails the job.
   * @returns besides, what the backend calls the application now; null where it keeps none
   */
  submit(submission: JobSubmission): Promise<{ jobId: string; applicationId: string | null }>
  /**
   * The job from its beginning, or, for one whose lines were handed out before, from where it is. Ends after a final state; one
   * that is watched again after its end says that state again. Each line is handed out once: of two who watch, to one of them;
   * both hear every state. Who takes lines slowly slows the script down: nothing is lost.
   * A job that is not known (its runner died with the server that started it) is FAILED, with a detail that says so.
   * Whoever asks for the next event has kept the one before: a runner whose jobs survive the server forgets what it handed out no
   * earlier, and hands out again what was not kept, with the same places.
   * @param signal ends the watching, without a final state and without an error; not the job
   */
  watch(jobId: string, signal: AbortSignal): AsyncIterable<JobEvent>
  /**
   * Asks it to end (TERM), then ends it (KILL). Idempotent; nothing happens to a job that has ended or is not known. Resolves
   * when it was asked, the end comes through `watch`.
   */
  cancel(jobId: string): Promise<void>
  /** Ends what does not survive the server, then the connection. */
  close(): Promise<void>
}
