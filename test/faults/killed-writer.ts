import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { BegunUpload } from '../../src/datasources/storage/object-storage.js'

export interface KilledWriter {
  begun: BegunUpload[]
  /** Ids of what it was about to write in one piece. */
  writing: Set<string>
  /** The ids of what it promised to have stored, with their versions where it told them. */
  stored: Map<string, string | undefined>
}

/**
 * Runs `writer.js` of the directory, which tells on its standard output what it begins, writes and has stored, and kills it.
 * @param withinMs of its first words, at any moment of this time
 */
export async function runAndKill(directory: string, args: readonly string[], withinMs: number): Promise<KilledWriter> {
  const told: KilledWriter = { begun: [], writing: new Set(), stored: new Map() }
  const child = spawn(process.execPath, [join(directory, 'writer.js'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
  for await (const line of createInterface({ input: child.stdout })) {
    const { what, value } = JSON.parse(line)
    if (what === 'begun') told.begun.push(value)
    if (what === 'writes') told.writing.add(value.id)
    if (what === 'stored') told.stored.set(value.id, value.version)
    if (told.begun.length + told.writing.size === 1) setTimeout(() => child.kill('SIGKILL'), Math.random() * withinMs)
  }
  expect(await exited).toBe('SIGKILL')
  return told
}
