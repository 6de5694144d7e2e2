import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layout } from './layout.ts';
import type { LayoutEdge, LayoutNode, Point } from './layout.ts';

const box = (id: string): LayoutNode => ({ id, width: 184, height: 50 });
const nodes = (...ids: string[]): LayoutNode[] => ids.map(box);
const edges = (...pairs: string[]): LayoutEdge[] => pairs.map((pair) => ({ source: pair.slice(0, 1), target: pair.slice(1) }));
const at = (positions: ReadonlyMap<string, Point>, id: string): Point => positions.get(id)!;

function overlaps(positions: ReadonlyMap<string, Point>): string | undefined {
  const list = [...positions];
  for (let i = 0; i < list.length; i++) {
    for (let j = i + 1; j < list.length; j++) {
      const [a, p] = list[i]!;
      const [b, q] = list[j]!;
      if (Math.abs(p.x - q.x) < 184 && Math.abs(p.y - q.y) < 50) return `${a} and ${b}`;
    }
  }
  return undefined;
}

test('a diamond is symmetric, its levels one below the other', () => {
  const { positions } = layout({ nodes: nodes('a', 'b', 'c', 'd'), edges: edges('ab', 'ac', 'bd', 'cd') });
  assert.equal(at(positions, 'b').y, at(positions, 'c').y);
  assert.ok(at(positions, 'a').y < at(positions, 'b').y && at(positions, 'b').y < at(positions, 'd').y);
  assert.equal(at(positions, 'a').x, at(positions, 'd').x);
  assert.equal(at(positions, 'a').x * 2, at(positions, 'b').x + at(positions, 'c').x);
});

test('a chain is a straight line', () => {
  const { positions } = layout({ nodes: nodes('a', 'b', 'c'), edges: edges('ab', 'bc') });
  assert.deepEqual(new Set([...positions.values()].map((p) => p.x)), new Set([0]));
});

test('crossings are undone where they can be', () => {
  const { positions } = layout({ nodes: nodes('a', 'b', 'c', 'd'), edges: edges('ad', 'bc') });
  assert.equal(at(positions, 'a').x < at(positions, 'b').x, at(positions, 'd').x < at(positions, 'c').x);
});

test('an edge past other ranks bends around what stands there', () => {
  const { positions, bends } = layout({ nodes: nodes('a', 'b', 'c'), edges: edges('ab', 'bc', 'ac') });
  const bend = bends.get(2)!;
  assert.equal(bend.length, 1);
  const middle = at(positions, 'b').x + 92;
  assert.ok(Math.abs(bend[0]!.x - middle) > 92, 'the bend stands beside b');
});

test('cycles, loops, unknown ends and nothing at all are laid out', () => {
  assert.equal(layout({ nodes: nodes('a', 'b'), edges: edges('ab', 'ba', 'aa', 'xa') }).positions.size, 2);
  assert.equal(layout({ nodes: [], edges: [] }).positions.size, 0);
});

test('what is on screen stays when nodes are added', () => {
  const before = layout({ nodes: nodes('a', 'b', 'c'), edges: edges('ab', 'ac') }).positions;
  const after = layout({ nodes: nodes('a', 'b', 'c', 'd', 'e'), edges: edges('ab', 'ac', 'bd', 'ae'), previous: before }).positions;
  for (const [id, point] of before) assert.deepEqual(after.get(id), point, id);
  assert.equal(overlaps(after), undefined);
  assert.equal(at(after, 'e').y, at(after, 'b').y);
});

test('a new rank in between lays out again but keeps the middle of the picture', () => {
  const before = layout({ nodes: nodes('a', 'c'), edges: edges('ac') }).positions;
  const after = layout({ nodes: nodes('a', 'b', 'c'), edges: edges('ab', 'bc'), previous: before }).positions;
  assert.ok(at(after, 'a').y < at(after, 'b').y && at(after, 'b').y < at(after, 'c').y);
});

const dag = fc.integer({ min: 1, max: 40 }).chain((size) => fc.record({
  size: fc.constant(size),
  pairs: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 80 }),
}));

test('property: nodes never overlap, edges go down, the same input gives the same picture', () => {
  fc.assert(fc.property(dag, ({ size, pairs }) => {
    const list = Array.from({ length: size }, (_, i) => box(`n${i}`));
    const down = pairs.filter(([a, b]) => a < b).map(([a, b]) => ({ source: `n${a}`, target: `n${b}` }));
    const { positions } = layout({ nodes: list, edges: down });
    assert.equal(positions.size, size);
    assert.equal(overlaps(positions), undefined);
    for (const edge of down) assert.ok(at(positions, edge.source).y < at(positions, edge.target).y);
    assert.deepEqual(layout({ nodes: list, edges: down }).positions, positions);
  }), { numRuns: 150 });
});

test('property: adding to a picture never makes nodes overlap', () => {
  fc.assert(fc.property(dag, fc.nat(39), ({ size, pairs }, known) => {
    const list = Array.from({ length: size }, (_, i) => box(`n${i}`));
    const down = pairs.filter(([a, b]) => a < b).map(([a, b]) => ({ source: `n${a}`, target: `n${b}` }));
    const first = layout({ nodes: list.slice(0, known), edges: down }).positions;
    assert.equal(overlaps(layout({ nodes: list, edges: down, previous: first }).positions), undefined);
  }), { numRuns: 150 });
});

test('a very wide rank is set in rows', () => {
  const leaves = Array.from({ length: 500 }, (_, i) => box(`n${i}`));
  const { positions } = layout({ nodes: [box('a'), ...leaves], edges: leaves.map((leaf) => ({ source: 'a', target: leaf.id })) });
  const wide = Math.max(...[...positions.values()].map((p) => p.x));
  assert.ok(wide < 500 * 100, `${wide} px wide`);
  assert.equal(overlaps(positions), undefined);
});

test('a layered graph of 2,000 nodes', () => {
  const list = Array.from({ length: 2000 }, (_, i) => box(`n${i}`));
  const links: LayoutEdge[] = [];
  for (let i = 50; i < 2000; i++) for (let k = 0; k < 2; k++) links.push({ source: `n${(Math.floor(i / 50) - 1) * 50 + ((i * 7 + k * 13) % 50)}`, target: `n${i}` });
  assert.equal(layout({ nodes: list, edges: links }).positions.size, 2000);
});
