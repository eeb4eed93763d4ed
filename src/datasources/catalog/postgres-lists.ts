// Turns `in ($1, $2, …)` into `= any($1)`: one statement however many there are, and one that an empty list does not break.
import {
  BinaryOperationNode,
  FunctionNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  OperatorNode,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  PrimitiveValueListNode,
  ValueNode,
} from 'kysely'

export class ListsAsArrays implements KyselyPlugin {
  readonly #transformer = new Transformer()

  transformQuery({ node }: PluginTransformQueryArgs) {
    return this.#transformer.transformNode(node)
  }

  async transformResult({ result }: PluginTransformResultArgs) {
    return result
  }
}

class Transformer extends OperationNodeTransformer {
  protected override transformBinaryOperation(node: BinaryOperationNode): BinaryOperationNode {
    const { leftOperand, operator, rightOperand } = super.transformBinaryOperation(node)
    const found = OperatorNode.is(operator) && PrimitiveValueListNode.is(rightOperand) ? forms[operator.operator] : undefined
    if (!found) return BinaryOperationNode.create(leftOperand, operator, rightOperand)
    const array = ValueNode.create((rightOperand as PrimitiveValueListNode).values)
    return BinaryOperationNode.create(
      leftOperand,
      OperatorNode.create(found.operator),
      FunctionNode.create(found.quantifier, [array]),
    )
  }
}

const forms: Partial<Record<string, { operator: '=' | '<>'; quantifier: 'any' | 'all' }>> = {
  in: { operator: '=', quantifier: 'any' },
  'not in': { operator: '<>', quantifier: 'all' },
}
