import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Run, Vector } from './compare.ts';

const FOLDER = path.join(import.meta.dirname, '../../../../shared/conformance/vectors');
const FILES = ['podnames', 'when', 'depends', 'durations', 'retries', 'cron', 'jsonpath', 'jq', 'conditions'];
const exceptions = JSON.parse(readFileSync(path.join(import.meta.dirname, '../exceptions.json'), 'utf8')) as { vectors: Record<string, string> };

for (const name of FILES) {
  test(`vectors of ${name}`, { skip: existsSync(FOLDER) ? false : '../shared/conformance is not here' }, async () => {
    const { run } = await import(`./${name}.ts`) as { run: Run };
    const lines = gunzipSync(readFileSync(path.join(FOLDER, `${name}.jsonl.gz`))).toString().trimEnd().split('\n');
    const failures = lines.flatMap((line) => {
      const vector = JSON.parse(line) as Vector;
      const difference = exceptions.vectors[vector.id] === undefined ? run(vector, line) : undefined;
      return difference === undefined ? [] : [`${vector.id} ${difference}`];
    });
    assert.deepEqual(failures, []);
  });
}
