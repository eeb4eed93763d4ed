import { Arg, FieldResolver, Query, Resolver } from 'type-graphql'
import { checkName, type NameKind, namingRules } from '../naming-policy.js'
import { NameCheck, NameKindEnum, NamingPolicy } from '../schema/naming.js'

@Resolver(() => NamingPolicy)
export class NamingPolicyResolver {
  @Query(() => NamingPolicy, { description: 'The rules for names; `check` tries one without making anything.' })
  namingPolicy(): NamingPolicy {
    return { rules: namingRules() }
  }

  @FieldResolver(() => NameCheck, {
    description: 'Tells whether a name may be used, and if not, why, and what could be used instead.',
  })
  check(
    @Arg('kind', () => NameKindEnum, { description: 'What the name is for.' }) kind: NameKind,
    @Arg('name', { description: 'The name to try.' }) name: string,
  ): NameCheck {
    return checkName(kind, name)
  }
}
