import { sha256 } from '@noble/hashes/sha2.js';
import { toBytes } from '../go.ts';

/**
 * A stream of random bytes that follows from its seed alone: equal seeds give equal streams, so that computing again gives the same. It is
 * as hard to guess as the seed is.
 * @returns a function that hands out so many bytes
 */
export function randomFrom(seed: string): (count: number) => Uint8Array {
  const key = sha256(toBytes(seed));
  let block = new Uint8Array(0);
  let used = 0;
  let counter = 0;
  return (count) => {
    const out = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      if (used === block.length) {
        const input = new Uint8Array(key.length + 4);
        input.set(key);
        new DataView(input.buffer).setUint32(key.length, counter++);
        block = Uint8Array.from(sha256(input));
        used = 0;
      }
      out[i] = block[used++] ?? 0;
    }
    return out;
  };
}
