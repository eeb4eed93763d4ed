import { requireProject } from '../access.js'
import type { Context } from '../context.js'
import type { DeploymentRow } from '../datasources/catalog/deployment-rows.js'
import { mostLibraries } from '../operations/check-libraries.js'
import { mostSteps } from '../operations/check-steps.js'
import { deploy } from '../operations/deploy.js'
import { prepareHandler } from '../operations/keep-handlers.js'
import type { DeployInput } from '../schema/deployment.js'
import { requireObjects } from './require-objects.js'

/**
 * Deploys what a client asks for, by any way of asking.
 * @param isEnabled whether a schedule that is given fires
 * @throws UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, BAD_USER_INPUT, CONFLICT, with fields of `input`
 */
export async function deployInput(context: Context, input: DeployInput, isEnabled = true): Promise<DeploymentRow> {
  const project = await requireProject(context, input.project, 'EDITOR', 'input.project')
  const scripts = await requireObjects(
    context,
    project.id,
    input.steps.map(({ script }) => script),
    { field: 'input.steps', most: mostSteps, placeIn: (index) => `input.steps[${index}].script`, mayRepeat: true },
  )
  const libraries = input.libraries?.length
    ? await requireObjects(context, project.id, input.libraries, { field: 'input.libraries', most: mostLibraries })
    : []
  const deployment = await deploy(context.datasources, {
    project,
    name: input.name,
    kind: input.kind ?? 'BATCH',
    cluster: input.cluster ?? 'SMALL',
    steps: input.steps.map((step, index) => ({
      name: step.name,
      kind: step.kind ?? 'CUSTOM',
      script: scripts[index]!,
      arguments: step.arguments ?? [],
      needs: step.needs ?? null,
      maxAttempts: step.maxAttempts ?? 1,
      timeoutSeconds: step.timeoutSeconds ?? null,
    })),
    requirements: input.requirements ?? null,
    libraries,
    modelUri: input.modelUri ?? null,
    cron: input.cron ?? null,
    timezone: input.timezone ?? 'UTC',
    isEnabled,
    idempotencyKey: input.idempotencyKey ?? null,
    createdBy: context.viewer!.user.id,
  })
  context.forgetLoaded()
  prepareHandler(context.datasources, deployment, context.log)
  return deployment
}
