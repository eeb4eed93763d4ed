// Finds the processes of local jobs in /proc and kills them; run as a program it is the reaper, which does so when the server dies.
//
// The reaper runs from this one file, as it lies here: only syntax that Node can strip, and no imports but Node's own.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** In the environment of every process of a job, `<runner>/<job>`: it finds those that left the job's process group. */
export const jobMarker = 'DHUO_JOB'

export interface ProcessInfo {
  pid: number
  parent: number
  group: number
  session: number
  /** Clock ticks since the machine started: with the pid, it names one process for ever. */
  startTime: string
  residentBytes: number
}

/** 4 KiB mostly; some kernels for ARM have 64 KiB. Entry 6 of https://man7.org/linux/man-pages/man3/getauxval.3.html */
const pageSize = ((): number => {
  try {
    const vector = readFileSync('/proc/self/auxv')
    for (let at = 0; at + 16 <= vector.length; at += 16)
      if (vector.readBigUInt64LE(at) === 6n) return Number(vector.readBigUInt64LE(at + 8))
  } catch {}
  return 4096
})()

/** Null when it is gone, or dead and waiting for its parent. */
export function readProcess(pid: number | 'self'): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name stands in parentheses and may itself contain some, and spaces. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    const [parent, group, session] = [Number(fields[1]), Number(fields[2]), Number(fields[3])]
    const residentBytes = Number(fields[21]) * pageSize
    return { pid: Number.parseInt(stat, 10), parent, group, session, startTime: fields[19]!, residentBytes }
  } catch {
    return null
  }
}

/** All processes of the machine; empty where there is no /proc. The event loop gets its turn in between. */
async function readProcesses(): Promise<Map<number, ProcessInfo>> {
  const processes = new Map<number, ProcessInfo>()
  let names: string[] = []
  try {
    names = readdirSync('/proc')
  } catch {}
  let read = 0
  for (const name of names) {
    if (name.charCodeAt(0) < 48 || name.charCodeAt(0) > 57) continue
    const found = readProcess(Number(name))
    if (found) processes.set(found.pid, found)
    if (++read % 50 === 0) await nextTurn()
  }
  return processes
}

function readMarker(pid: number): string | null {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1')
    return `\0${variables}`.split(`\0${jobMarker}=`)[1]?.split('\0')[0] ?? null
  } catch {
    return null
  }
}

/**
 * Knows which process belongs to which job, by any of: its session or group, led by the job's first process; the marker in its
 * environment; its parent; and what an earlier look had found. A process that was started with an empty environment, by a
 * parent that has ended, in a session of its own, all between two looks, is not found.
 */
export class ProcessWatch {
  /** What was found before: a process keeps its job when its parent ends. */
  #known = new Map<number, { startTime: string; marker: string | null }>()
  #looking: Promise<Map<string, ProcessInfo[]>> | null = null
  #next: Promise<Map<string, ProcessInfo[]>> | null = null
  /** Sessions in which a process with a marker was seen: whoever else is in one was started by the job. */
  #sessions = new Map<number, string>()
  readonly #recheck: boolean
  /** Markers by the pid of the job's first process, for as long as the job lasts. */
  readonly leaders = new Map<number, string>()

  /** @param recheck for who does not start the jobs itself: a process may get its marker, by its exec, after it was seen */
  constructor(recheck: boolean) {
    this.#recheck = recheck
  }

  /** Processes by marker, as they are at some moment after the call. Calls that come while a look is going on share the next. */
  look(): Promise<Map<string, ProcessInfo[]>> {
    if (this.#next) return this.#next
    if (!this.#looking) return this.#begin()
    this.#next = this.#looking.then(() => this.#begin())
    return this.#next
  }

  #begin(): Promise<Map<string, ProcessInfo[]>> {
    this.#next = null
    const looking = this.#look().finally(() => {
      if (this.#looking === looking) this.#looking = null
    })
    this.#looking = looking
    return looking
  }

  async #look(): Promise<Map<string, ProcessInfo[]>> {
    const processes = await readProcesses()
    const known = new Map<number, { startTime: string; marker: string | null }>()
    const markerOf = (pid: number): string | null => {
      const already = known.get(pid)
      if (already) return already.marker
      const it = processes.get(pid)
      if (!it) return null
      const entry = { startTime: it.startTime, marker: null as string | null }
      known.set(pid, entry)
      const before = this.#known.get(pid)
      const isKnown = before?.startTime === it.startTime && (before.marker !== null || !this.#recheck)
      entry.marker =
        this.leaders.get(it.session) ??
        this.leaders.get(it.group) ??
        this.#sessions.get(it.session) ??
        (isKnown ? before.marker : readMarker(pid)) ??
        markerOf(it.parent) ??
        markerOf(it.session) ??
        markerOf(it.group)
      return entry.marker
    }
    const found = new Map<string, ProcessInfo[]>()
    const sessions = new Map<number, string>()
    for (const [pid, info] of processes) {
      const marker = markerOf(pid)
      if (marker === null) continue
      found.get(marker)?.push(info) ?? found.set(marker, [info])
      sessions.set(info.session, marker)
    }
    this.#known = known
    this.#sessions = sessions
    return found
  }
}

/** Sends a signal to a process, or to a group (its number negative). False when there is none. */
export function signal(target: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(target, name)
  } catch {
    return false
  }
}

/**
 * Kills what belongs to the marked jobs until a look finds nothing more: a process may start others while it is being killed.
 * @param ours picks markers
 * @returns false when something is still there after `boundMs`
 */
export async function killMarked(watch: ProcessWatch, ours: (marker: string) => boolean, boundMs: number): Promise<boolean> {
  const until = performance.now() + boundMs
  for (;;) {
    for (const [leader, marker] of watch.leaders) if (ours(marker)) signal(-leader, 'SIGKILL')
    let found = 0
    for (const [marker, processes] of await watch.look()) {
      if (!ours(marker)) continue
      found += processes.length
      for (const { pid } of processes) signal(pid, 'SIGKILL')
    }
    if (found === 0) return true
    if (performance.now() > until) return false
    await sleep(5)
  }
}

/** Names this process among all that use a directory: `<directory>-<PID namespace>-<pid>-<start>-<instance>`. */
export function newRunnerId(directoryDigest: string, instance: string): string {
  return [directoryDigest, namespace(), process.pid, readProcess('self')?.startTime ?? '0', instance].join('-')
}

/** Whether the process that made this id lives; null when it cannot be seen from here (another container). */
export function runnerLives(runnerId: string): boolean | null {
  const [, theirs, pid, startTime] = runnerId.split('-')
  if (theirs !== namespace()) return null
  const found = readProcess(Number(pid))
  return found ? found.startTime === startTime : startTime === '0' && signal(Number(pid), 0 as never)
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return '0'
  }
}

/**
 * Reads `+<pid of a job's first process> <marker> .` and `-<pid> .` from the server until the pipe breaks, which it does however
 * the server ends; then kills all that carry the runner's marker. `bye` means that nothing is left to kill.
 */
async function reap(runnerId: string): Promise<void> {
  // Whoever stops the server with Ctrl-C or `kill` must not stop this first.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})
  const leaders = new Map<number, string>()
  process.stdout.write('ready\n')
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'bye') return
    // The dot tells a whole line from one that the server could not finish: half a pid is somebody else's.
    const [, sign, pid, marker] = line.match(/^([+-])(\d+) (?:(\S+) )?\.$/) ?? []
    if (sign === '+') leaders.set(Number(pid), marker!)
    if (sign === '-') leaders.delete(Number(pid))
  }
  const watch = new ProcessWatch(true)
  for (const [pid, marker] of leaders) watch.leaders.set(pid, marker)
  // A process that the server was just starting carries its marker only after its exec: look again for a while.
  for (let turn = 0; turn < 50; turn++) {
    await killMarked(watch, (marker) => marker.startsWith(`${runnerId}/`), 10_000)
    // A group that is gone stays gone, and its number may be given to others.
    watch.leaders.clear()
    await sleep(turn < 25 ? 20 : 60)
  }
}

if (import.meta.main) await reap(process.argv[2]!)
