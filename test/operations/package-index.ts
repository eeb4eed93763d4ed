// A package index on this machine: https://packaging.python.org/en/latest/specifications/simple-repository-api/
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PackageIndex {
  /** As `--index-url` takes it. */
  url: string
  /** What was asked for, oldest first. */
  asked: string[]
  /** Until it is over, the index answers nothing. */
  hold: Promise<void> | null
  close(): Promise<void>
}

/** @param wheels by their names as files */
export async function startPackageIndex(wheels: ReadonlyMap<string, Buffer>): Promise<PackageIndex> {
  const server = createServer(async (request, response) => {
    index.asked.push(request.url!)
    await index.hold
    const [, kind, name = ''] = request.url!.split('/')
    const wheel = kind === 'files' && wheels.get(decodeURIComponent(name))
    if (wheel) return void response.end(wheel)
    const own = [...wheels.keys()].filter((file) => file.startsWith(`${name.replaceAll('-', '_')}-`))
    response.writeHead(own.length > 0 ? 200 : 404, { 'content-type': 'text/html' })
    response.end(own.map((file) => `<a href="/files/${file}">${file}</a>`).join('\n'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const index: PackageIndex = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`,
    asked: [],
    hold: null,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return index
}
