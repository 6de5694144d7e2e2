/** What all nodes have: the index of their token in the source, in code points. */
interface Placed {
  readonly at: number;
}

export interface NilNode extends Placed { readonly kind: 'nil' }
export interface BoolNode extends Placed { readonly kind: 'bool'; readonly value: boolean }
export interface IntegerNode extends Placed { readonly kind: 'int'; readonly value: bigint }
export interface FloatNode extends Placed { readonly kind: 'float'; readonly value: number }
export interface StringNode extends Placed { readonly kind: 'string'; readonly value: string }
export interface BytesNode extends Placed { readonly kind: 'bytes'; readonly value: Uint8Array }
export interface IdentifierNode extends Placed { readonly kind: 'identifier'; readonly name: string }
export interface UnaryNode extends Placed { readonly kind: 'unary'; readonly operator: string; readonly node: Node }
export interface BinaryNode extends Placed { readonly kind: 'binary'; readonly operator: string; readonly left: Node; readonly right: Node }
/** The reach of `?.`: when it meets nil, the whole chain is nil. */
export interface ChainNode extends Placed { readonly kind: 'chain'; readonly node: Node }
export interface MemberNode extends Placed { readonly kind: 'member'; readonly node: Node; readonly property: Node; readonly optional: boolean; readonly method: boolean }
export interface SliceNode extends Placed { readonly kind: 'slice'; readonly node: Node; readonly from: Node | undefined; readonly to: Node | undefined }
export interface CallNode extends Placed { readonly kind: 'call'; readonly callee: Node; readonly args: readonly Node[] }
export interface BuiltinNode extends Placed { readonly kind: 'builtin'; readonly name: string; readonly args: readonly Node[] }
export interface PredicateNode extends Placed { readonly kind: 'predicate'; readonly node: Node }
/** `#`, `#index`, `#acc`; the bare dot of `.name` too. */
export interface PointerNode extends Placed { readonly kind: 'pointer'; readonly name: string }
export interface LetNode extends Placed { readonly kind: 'let'; readonly name: string; readonly value: Node; readonly body: Node }
export interface SequenceNode extends Placed { readonly kind: 'sequence'; readonly nodes: readonly Node[] }
export interface ConditionalNode extends Placed { readonly kind: 'conditional'; readonly condition: Node; readonly yes: Node; readonly no: Node }
export interface ArrayNode extends Placed { readonly kind: 'array'; readonly nodes: readonly Node[] }
export interface MapNode extends Placed { readonly kind: 'map'; readonly pairs: readonly { readonly key: Node; readonly value: Node }[] }

export type Node =
  | NilNode | BoolNode | IntegerNode | FloatNode | StringNode | BytesNode | IdentifierNode | UnaryNode | BinaryNode | ChainNode | MemberNode | SliceNode | CallNode
  | BuiltinNode | PredicateNode | PointerNode | LetNode | SequenceNode | ConditionalNode | ArrayNode | MapNode;

/** @returns the parts of a node, in the order in which they stand */
export function children(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'unary': case 'chain': case 'predicate': return [node.node];
    case 'binary': return [node.left, node.right];
    case 'member': return [node.node, node.property];
    case 'slice': return [node.node, ...(node.from === undefined ? [] : [node.from]), ...(node.to === undefined ? [] : [node.to])];
    case 'call': return [node.callee, ...node.args];
    case 'builtin': return node.args;
    case 'let': return [node.value, node.body];
    case 'sequence': case 'array': return node.nodes;
    case 'conditional': return [node.condition, node.yes, node.no];
    case 'map': return node.pairs.flatMap((pair) => [pair.key, pair.value]);
    default: return [];
  }
}
