/** Single cases that may differ, with their reasons. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const exceptions = JSON.parse(readFileSync(path.join(import.meta.dirname, 'exceptions.json'), 'utf8')) as { cases: Record<string, string>; controller: Record<string, string>; vectors: Record<string, string> };
