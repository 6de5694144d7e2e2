import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toMermaid, toSvg } from './figure.ts';
import type { Figure, Palette } from './figure.ts';

const palette: Palette = { canvas: '#ffffff', raise: '#fefefe', line: '#dddddd', ink: '#111111', soft: '#555555', faint: '#999999', accent: '#2f5fe0', ok: '#15803d', failed: '#c8322b', wait: '#b45309', error: '#a21caf' };
const figure: Figure = {
  title: 'a <b> & c',
  nodes: [
    { id: 'a', title: 'list "all" <files>', line: 'script', at: { x: 0, y: 0 }, width: 184, height: 50, tone: 'ok' },
    { id: 'b', title: `load-${'the-partition-of-the-day-'.repeat(3)}`, line: '', at: { x: -40, y: 96 }, width: 184, height: 50, tone: 'accent' },
  ],
  edges: [{ source: 'a', target: 'b', label: 'Failed' }, { source: 'a', target: 'gone' }, { source: 'b', target: 'a', dashed: true }],
};

test('the picture is well-formed, holds all of it and ends lines in time', () => {
  const svg = toSvg(figure, palette);
  assert.match(svg, /viewBox="-64 -24 272 194"/);
  assert.match(svg, /list &quot;all&quot; &lt;files&gt;/);
  assert.match(svg, /load-the-partition-of…<\/text>/);
  assert.match(svg, /<title>a &lt;b&gt; &amp; c<\/title>/);
  assert.equal(svg.match(/stroke="#c8322b"/g)?.length, 1);
  const opened = svg.match(/<(svg|g|title|text)\b[^>]*>/g)?.length;
  assert.equal(opened, svg.match(/<\/[a-z]+>/g)?.length);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  assert.doesNotMatch(toSvg({ title: '', nodes: [], edges: [] }, palette), /NaN|Infinity/);
});

test('Mermaid gets a node each, with its words quoted', () => {
  assert.equal(toMermaid(figure).split('\n')[1], '  n0["list #quot;all#quot; &lt;files&gt;<br/><small>script</small>"]');
  assert.match(toMermaid(figure), /\n {2}n0 -->\|"Failed"\| n1\n {2}n1 -\.-> n0\n$/);
});
