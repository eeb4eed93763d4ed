// Says in words which bound of this machine a job has gone beyond, if any.
import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessInfo } from './local-processes.js'

export interface JobLimits {
  memoryMb: number
  /** Of the job's own directory, and of any single file. */
  diskMb: number
  processes: number
}

const mib = 1024 * 1024

/** Null when the processes of a job are within bounds. */
export function excessOf(processes: readonly ProcessInfo[], { memoryMb, processes: most }: JobLimits): string | null {
  if (processes.length > most) return `It had ${processes.length} processes; ${most} are allowed.`
  const resident = processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0)
  // What processes share counts once for each of them in the resident size. The exact figure costs more: only when it matters.
  if (resident <= memoryMb * mib || proportionalSize(processes) <= memoryMb * mib) return null
  return `It used more than ${memoryMb} MiB of memory, the bound that DHUO_JOB_MEMORY_MB sets.`
}

/** https://www.kernel.org/doc/html/latest/filesystems/proc.html (Pss) */
const proportionalSize = (processes: readonly ProcessInfo[]): number =>
  processes.reduce((sum, { pid, residentBytes }) => {
    try {
      const [, kib] = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1').match(/^Pss:\s+(\d+) kB/m) ?? []
      return sum + (kib === undefined ? residentBytes : Number(kib) * 1024)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EACCES' ? sum + residentBytes : sum
    }
  }, 0)

/** Null when what lies in a job's directory is within bounds. */
export async function diskExcessOf(directory: string, { diskMb }: JobLimits): Promise<string | null> {
  const size = await sizeOf(directory, diskMb * mib)
  return size > diskMb * mib ? `Its directory grew beyond ${diskMb} MiB, the bound that DHUO_JOB_DISK_MB sets.` : null
}

/** Bytes on disk, counted up to the bound. */
async function sizeOf(directory: string, bound: number): Promise<number> {
  let size = 0
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) size += await sizeOf(path, bound - size)
    else if (entry.isFile())
      size += await stat(path).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      )
    if (size > bound) break
  }
  return size
}
