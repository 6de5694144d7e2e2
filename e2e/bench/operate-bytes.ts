/** Bytes that one call of operate allocates, as JSON, in the order of operateCases(). Needs --expose-gc and a young generation larger than all of it. */
import { operateCases } from './operate.ts';

const bytes = operateCases().map(({ call }) => {
  call();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  call();
  return process.memoryUsage().heapUsed - before;
});
console.log(JSON.stringify(bytes));
