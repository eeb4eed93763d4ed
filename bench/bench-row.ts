/** One line of the table that `npm run bench` prints. */
export interface BenchRow {
  /** What was measured, in a few words: `upload of 2 GiB`. */
  figure: string
  /** With its unit: `1.4 GB/s`. */
  measured: string
  /** The same, of what it is compared with, measured in the same run. */
  baseline: string
  /** Measured against baseline, so that the machine cancels out; null where the figure is an absolute one (memory, milliseconds). */
  ratio: number | null
  /** The bound, as a person writes it: `≥ 0.9`, `< 64 MiB`. */
  wanted: string
  ok: boolean
}
