import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

interface Vector {
  id: string;
}

const FOLDER = fileURLToPath(new URL('../../../shared/conformance/vectors/', import.meta.url));
// Answers of Argo's own Go code; `npm run conformance` plays the same files with the same judges, which live with the whole-app tests.
for (const name of ['expr', 'template']) {
  const file = `${FOLDER}${name}.jsonl.gz`;
  test(`vectors of ${name}`, { skip: existsSync(file) ? false : `${file} is not there` }, async () => {
    const judge = await import(new URL(`../../e2e/conformance/vectors/${name}.ts`, import.meta.url).href) as { run: (vector: Vector) => string | undefined };
    const vectors = gunzipSync(readFileSync(file)).toString().trim().split('\n').map((line) => JSON.parse(line) as Vector);
    const failed = vectors.flatMap((vector) => {
      const difference = judge.run(vector);
      return difference === undefined ? [] : [`${vector.id}: ${difference}`];
    });
    assert.ok(vectors.length > 0);
    assert.deepEqual(failed, []);
  });
}
