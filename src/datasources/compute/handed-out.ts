// Remembers which lines and marks were handed out, by their places: those of a source come mostly one after the other.
import type { OutputPlace } from './job-runner.js'

type Range = [from: number, to: number]

export class HandedOut {
  /** Of each source, in their order, with a gap between two. */
  readonly #ranges = new Map<string, Range[]>()

  has({ source, number }: OutputPlace): boolean {
    const ranges = this.#ranges.get(source) ?? []
    const range = ranges[indexBefore(ranges, number)]
    return range !== undefined && number <= range[1]
  }

  add(place: OutputPlace): void {
    if (this.has(place)) return
    const { source, number } = place
    const ranges = this.#ranges.get(source) ?? []
    this.#ranges.set(source, ranges)
    const index = indexBefore(ranges, number)
    const [before, after] = [ranges[index], ranges[index + 1]]
    const joinsAfter = after?.[0] === number + 1
    if (before?.[1] === number - 1) {
      before[1] = joinsAfter ? after![1] : number
      if (joinsAfter) ranges.splice(index + 1, 1)
    } else if (joinsAfter) after![0] = number
    else ranges.splice(index + 1, 0, [number, number])
  }
}

/** Of the last range that begins at the number or before: nearly always the last of all; -1: there is none. */
function indexBefore(ranges: readonly Range[], number: number): number {
  let index = ranges.length - 1
  while (index >= 0 && ranges[index]![0] > number) index--
  return index
}
