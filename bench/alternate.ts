/** Two pieces of work in turns, so that a busy machine slows both. @returns medians in milliseconds, after a round to warm up */
export async function alternate(
  base: () => Promise<void>,
  measured: () => Promise<void>,
  rounds: number,
): Promise<[number, number]> {
  await base()
  await measured()
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++)
    for (const [which, work] of [base, measured].entries()) {
      const start = performance.now()
      await work()
      times[which]!.push(performance.now() - start)
    }
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!) as [number, number]
}
