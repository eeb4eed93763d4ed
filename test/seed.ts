import { createHash } from 'node:crypto'
import type { TestHub } from './hub.js'

let made = 0
/** A name that no other test has. */
export const uniqueName = (prefix: string): string => `${prefix}-${(++made).toString(36)}${process.pid.toString(36)}`

export interface SeededUser {
  id: string
  email: string
  password: string
  token: string
}

/** A person who is logged in. */
export async function seedUser(hub: TestHub, roles: Record<string, 'VIEWER' | 'EDITOR' | 'OWNER'> = {}): Promise<SeededUser> {
  const email = `${uniqueName('user')}@example.com`
  const password = 'a long enough password'
  const { createUser } = await hub.data('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', {
    input: { email, password },
  })
  for (const [project, role] of Object.entries(roles))
    await hub.data(
      'mutation ($project: String!, $email: String!, $role: Role) { setProjectMember(project: $project, email: $email, role: $role) { id } }',
      {
        project,
        email,
        role,
      },
    )
  const { login } = await hub.data(
    'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token } }',
    { email, password },
    null,
  )
  return { id: createUser.id, email, password, token: login.token }
}

export interface SeededProject {
  id: string
  name: string
}

export async function seedProject(hub: TestHub, as?: string): Promise<SeededProject> {
  const name = uniqueName('project')
  const { createProject } = await hub.data(
    'mutation ($input: CreateProjectInput!) { createProject(input: $input) { id name } }',
    { input: { name } },
    as,
  )
  return createProject
}

export async function seedBucket(hub: TestHub, project: string, purpose = 'RAW'): Promise<{ id: string; name: string }> {
  const { createBucket } = await hub.data('mutation ($input: CreateBucketInput!) { createBucket(input: $input) { id name } }', {
    input: { project, purpose },
  })
  return createBucket
}

export interface SeededObject {
  id: string
  key: string
  size: number
  etag: string
}

/** Uploads bytes as a client does: announce, PUT every part, complete. */
export async function seedObject(hub: TestHub, bucket: string, key: string, content: string | Uint8Array): Promise<SeededObject> {
  const bytes = Buffer.from(content as Uint8Array)
  const input = { bucket, key, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  const { createUpload } = await hub.data(
    'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id partSize parts { number method url headers { key value } } } }',
    { input },
  )
  for (const part of createUpload.parts) {
    const start = (part.number - 1) * createUpload.partSize
    const response = await fetch(part.url, {
      method: part.method,
      headers: Object.fromEntries(part.headers.map((header: { key: string; value: string }) => [header.key, header.value])),
      body: bytes.subarray(start, start + createUpload.partSize),
    })
    if (!response.ok) throw new Error(`part ${part.number}: ${response.status} ${await response.text()}`)
  }
  const { completeUpload } = await hub.data('mutation ($id: ID!) { completeUpload(id: $id) { id key size etag } }', {
    id: createUpload.id,
  })
  return completeUpload
}
