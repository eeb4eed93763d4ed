import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig, settingNames } from '../../src/config.js'
import { defaultServerLimits } from '../../src/http/server-limits.js'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFile(join(root, path), 'utf8')

const dockerfile = await read('Dockerfile')
const compose = parse(await read('docker-compose.yml'))
// biome-ignore lint/suspicious/noExplicitAny: whatever Kubernetes takes
const manifests: any[] = parseAllDocuments(await read('deploy/kubernetes/dhuo-graph.yaml')).map((document) => {
  if (document.errors.length > 0) throw document.errors[0]
  return document.toJS()
})
const manifest = (kind: string) => manifests.find((each) => each.kind === kind)

/** The values that a person puts in: what stands between the brackets is an example. */
const filledIn = (settings: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      String(value)
        .replaceAll(/<([^>]*)>/g, '$1')
        .replace(/\$\{[^}]*\}/, 'correct horse'),
    ]),
  )

describe('the image', () => {
  test('is built from files that are there and not left out', async () => {
    const kept = (await read('.dockerignore')).split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '))
    expect(copied.length).toBeGreaterThan(4)
    for (const source of copied) {
      expect(existsSync(join(root, source))).toBe(true)
      expect(kept).toContain(source)
    }
  })

  test('runs as nobody in particular, says whether it lives, and brings the Node that the code wants', async () => {
    expect(dockerfile).toMatch(/^USER node$/m)
    expect(dockerfile).toMatch(/^HEALTHCHECK .*\n.*\/healthz/m)
    const { engines } = JSON.parse(await read('package.json'))
    const major = /\d+/.exec(engines.node)![0]
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual(
      Array(2).fill(`node:${major}-bookworm-slim`),
    )
    expect(dockerfile).toContain('"dist/main.js"')
  })

  test('is healthy while the server answers, and not when it does not', async () => {
    const [program, ...words] = JSON.parse(/^HEALTHCHECK (?:.*\n)\s*CMD (\[.*\])$/m.exec(dockerfile)![1]!) as string[]
    expect(program).toBe('node')
    let isWell = true
    const server = createServer((request, response) =>
      response.writeHead(isWell && request.url === '/healthz' ? 200 : 503).end(),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const PORT = String((server.address() as AddressInfo).port)
    const check = async () => (await once(spawn(process.execPath, words, { env: { PORT } }), 'exit'))[0]
    expect(await check()).toBe(0)
    isWell = false
    expect(await check()).toBe(1)
    server.close()
    expect(await check()).toBe(1)
  })

  test('holds no secret and no setting that does not exist', () => {
    const named = [...dockerfile.matchAll(/\b(DHUO_[A-Z_]+)=/g)].map(([, name]) => name)
    expect(settingNames).toEqual(expect.arrayContaining(named))
    expect(dockerfile).not.toMatch(/PASSWORD|SECRET|KEY=/)
  })
})

describe('docker-compose.yml', () => {
  test('has settings that the server accepts', () => {
    const config = readConfig(filledIn(compose.services.server.environment))
    expect(config.catalog).toMatchObject({ scheme: 'postgres', host: 'postgres', password: 'correct horse' })
    expect(config.pubsub).toMatchObject({ scheme: 'redis', nodes: [{ host: 'redis', port: 6379 }] })
  })

  test('waits for healthy backends, and writes no password down', () => {
    for (const name of Object.keys(compose.services.server.depends_on)) expect(compose.services[name].healthcheck).toBeDefined()
    for (const { environment = {} } of Object.values<{ environment?: Record<string, string> }>(compose.services))
      for (const [name, value] of Object.entries(environment)) if (name.includes('PASSWORD')) expect(value).toMatch(/^\$\{\w+:\?/)
  })
})

describe('the Kubernetes manifests', () => {
  const deployment = () => manifest('Deployment').spec
  const container = () => deployment().template.spec.containers[0]

  test('have settings that the server accepts, and secrets elsewhere', () => {
    const settings = manifest('ConfigMap').data
    expect(settingNames).toEqual(expect.arrayContaining(Object.keys(settings)))
    const config = readConfig(filledIn(settings))
    expect([config.catalog.scheme, config.pubsub.scheme, config.storage.scheme]).toEqual(['postgres', 'redis', 'oci'])
    expect(Object.keys(settings).filter((name) => /PASSWORD|SECRET/.test(name))).toEqual([])
    expect(container().envFrom).toContainEqual({ secretRef: { name: 'dhuo-graph' } })
  })

  test('run three servers, of which two stay, without rights and with files that cannot be written', () => {
    expect(deployment().replicas).toBe(3)
    expect(manifest('PodDisruptionBudget').spec.minAvailable).toBe(2)
    expect(deployment().template.spec.securityContext).toMatchObject({ runAsNonRoot: true })
    expect(container().securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true })
    const mounts = container().volumeMounts.map(({ name }: { name: string }) => name)
    expect(deployment().template.spec.volumes.map(({ name }: { name: string }) => name)).toEqual(mounts)
  })

  test('leave a server the time to end: for load balancers, for its jobs, for requests', () => {
    const { terminationGracePeriodSeconds, containers } = deployment().template.spec
    const jobsSeconds = 30
    const neededSeconds = jobsSeconds + defaultServerLimits.shutdownGraceMs / 1_000
    expect(terminationGracePeriodSeconds).toBeGreaterThan(containers[0].lifecycle.preStop.sleep.seconds + neededSeconds)
    expect(Number.parseInt(compose.services.server.stop_grace_period, 10)).toBeGreaterThan(neededSeconds)
  })

  test('reach Oracle Cloud without a file of credentials, which no container has', () => {
    expect(manifest('ConfigMap').data.DHUO_OCI_AUTH).toBe('instance-principal')
    const metadata = { to: [{ ipBlock: { cidr: '169.254.169.254/32' } }], ports: [{ protocol: 'TCP', port: 80 }] }
    expect(manifest('NetworkPolicy').spec.egress).toContainEqual(metadata)
  })

  test('name each other by labels and ports that are there', () => {
    const labels = deployment().template.metadata.labels
    for (const selector of [
      deployment().selector.matchLabels,
      manifest('Service').spec.selector,
      manifest('PodDisruptionBudget').spec.selector.matchLabels,
      manifest('NetworkPolicy').spec.podSelector.matchLabels,
    ])
      expect(labels).toMatchObject(selector)
    const ports = container().ports.map(({ name }: { name: string }) => name)
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(ports).toContain(container()[probe].httpGet.port)
    expect(ports).toContain(manifest('Service').spec.ports[0].targetPort)
    expect(manifest('Ingress').spec.rules[0].http.paths[0].backend.service.name).toBe(manifest('Service').metadata.name)
  })
})
