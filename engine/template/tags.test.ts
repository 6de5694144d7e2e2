import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { duration, GoTime } from './go.ts';
import type { GoValue } from './go.ts';
import { replaceInObject, replaceInText, replaceTags, simpleTags, TemplateError } from './tags.ts';

const values = { 'inputs.parameters.name': 'Ada', 'inputs.parameters.n': '4', 'steps.a.outputs.result': 'say "hi"\n', 'tasks.gone.outputs.result': null };
const lenient = { allowUnresolved: true };
const strict = { allowUnresolved: false };
const steps = { allowUnresolved: true, strictPrefixes: ['steps', 'tasks'] };

function failure(act: () => unknown): TemplateError {
  try {
    act();
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  return assert.fail('no TemplateError');
}

test('simple tags are replaced inside JSON, escaped; the rest of the text stays', () => {
  assert.equal(replaceTags('{"a":"{{ inputs.parameters.name }}!","b":["{{steps.a.outputs.result}}"]}', values, strict), '{"a":"Ada!","b":["say \\"hi\\"\\n"]}');
  assert.deepEqual(replaceInObject({ '{{inputs.parameters.name}}': ['x{{inputs.parameters.n}}', 1, null, true, '<&>'] }, values, strict), { Ada: ['x4', 1, null, true, '<&>'] });
});

test('an object without tags is handed back as it is', () => {
  const object = { a: [1, { b: 'c' }] };
  assert.equal(replaceInObject(object, values, strict), object);
});

test('unknown names stay, wait or fail as the options say', () => {
  assert.equal(replaceInText('{{item}} {{steps.b.ip}}', values, lenient), '{{item}} {{steps.b.ip}}');
  assert.equal(replaceInText('{{item}} {{stepsX.b}}', values, steps), '{{item}} {{stepsX.b}}');
  const missing = failure(() => replaceInText('{{item}} {{steps.b.ip}}', values, steps));
  assert.deepEqual([missing.message, missing.missingVariable], ['failed to resolve {{steps.b.ip}}', true]);
  assert.equal(replaceInText('{{tasks.b.outputs.artifacts.x}}', values, steps), '{{tasks.b.outputs.artifacts.x}}');
  assert.equal(failure(() => replaceInText('{{item}}', values, strict)).missingVariable, true);
  const absent = failure(() => replaceInText('{{tasks.gone.outputs.result}}', values, lenient));
  assert.equal(absent.missingVariable, false);
});

test('an inner tag is resolved first, the outer one in the next pass', () => {
  const once = replaceInText('{{inputs.parameters.{{item}}}}', { ...values, item: 'name' }, lenient);
  assert.equal(once, '{{inputs.parameters.name}}');
  assert.equal(replaceInText(once, values, lenient), 'Ada');
});

test('expression tags compute; lists and maps become JSON, texts stand without quotes', () => {
  const run = (text: string): string => replaceInText(text, values, strict);
  assert.equal(run('{{=asInt(inputs.parameters.n) * 2}}'), '8');
  assert.equal(run("{{=inputs.parameters.name + '!'}}"), 'Ada!');
  assert.equal(run('{{=map(1..3, # * 1.5)}}'), '[1.5,3,4.5]');
  assert.equal(run("{{=tasks.gone.outputs.result ?? 'fallback'}}"), 'fallback');
  assert.equal(run("{{=sprig.trim('  x ')}}"), 'x');
  assert.equal(failure(() => run('{{=steps.later.outputs.result}}')).message, 'failed to evaluate expression: steps.later is missing');
  assert.match(failure(() => run('{{=1 +}}')).message, /^failed to evaluate expression: unexpected token EOF \(1:3\)/);
});

test('an expression that names what is bound later waits for it', () => {
  assert.equal(replaceInText('{{=sprig.upper(item)}}', values, lenient), '{{=sprig.upper(item)}}');
  assert.equal(replaceInText('{{=sprig.upper(item)}}', { ...values, item: 'x' }, lenient), 'X');
});

test('time and chance come from the options, and only from there', () => {
  assert.equal(replaceInText("{{=now().Format('2006-01-02')}}", {}, { ...strict, now: Date.UTC(2024, 1, 29) }), '2024-02-29');
  assert.match(failure(() => replaceInText('{{=now()}}', {}, strict)).message, /not known here/);
  const draw = (seed: string): string => replaceInText('{{=sprig.randAlphaNum(12)}}-{{=sprig.uuidv4()}}', {}, { ...strict, seed });
  assert.match(draw('a'), /^[A-Za-z0-9]{12}-[0-9a-f]{8}-/);
  assert.equal(draw('a'), draw('a'));
  assert.notEqual(draw('a'), draw('b'));
  assert.match(failure(() => replaceInText('{{=sprig.uuidv4()}}', {}, strict)).message, /not known here/);
});

test('values may have other types than text in expressions, not in simple tags', () => {
  const map = new Map<string, GoValue>([['t', new GoTime(0n)], ['d', duration(90_000_000_000n)]]);
  assert.equal(replaceInText('{{=t + d}}', map, strict), '1970-01-01T00:01:30Z');
  assert.equal(failure(() => replaceInText('{{t}}', map, strict)).message, 'failed to resolve {{t}} to string');
});

test('a tag without end is an error, and so is a result that is no JSON', () => {
  assert.match(failure(() => replaceTags('"{{a"', values, lenient)).message, /^Cannot find end tag="}}"/);
  assert.match(failure(() => replaceTags('"{{a}}"', { a: '\x01' }, strict)).message, /invalid JSON$/);
  assert.match(failure(() => replaceTags('{', {}, strict)).message, /invalid JSON$/);
  assert.deepEqual(simpleTags('{{a}} {{=b}} {{ c }}'), ['a', ' c ']);
});

test('property: whatever the text, the outcome is a text or a TemplateError', () => {
  const piece = fc.oneof(fc.constantFrom('{{', '}}', '{{=', 'a', 'item', '.', ' ', '"', '\\', '\n', '<', 'sprig.', 'upper(', ')', '??', '?.', '[', ']', '1', "'", '|', '#', '$env'), fc.string({ unit: 'binary', maxLength: 4 }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 24 }).map((parts) => parts.join('')), fc.boolean(), (text, allowUnresolved) => {
    try {
      const out = replaceTags(JSON.stringify(text), { a: 'x', item: '{{a}}' }, { allowUnresolved });
      JSON.parse(out);
    } catch (error) {
      assert.ok(error instanceof TemplateError, String(error));
    }
  }), { numRuns: 2000 });
});

test('property: text without tags comes back the same', () => {
  fc.assert(fc.property(fc.json(), (json) => {
    if (!json.includes('{{')) assert.equal(replaceTags(json, values, strict), json);
  }));
});
