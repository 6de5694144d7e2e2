import { gunzipSync } from 'node:zlib';
import { AppError } from '../spec/error.ts';

const BLOCK = 512;

/**
 * An artifact that is one file, packed or not: out of a gzip, then out of a tar the first file in it.
 * @param most bytes that may come out of it; more throw AppError `too-large`
 */
export function unpackedFile(bytes: Buffer, most: number): Buffer {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipped(bytes, most) : bytes;
  if (plain.toString('latin1', 257, 262) !== 'ustar') return plain;
  for (let at = 0; at + BLOCK <= plain.length;) {
    const size = Number.parseInt(plain.toString('latin1', at + 124, at + 136), 8) || 0;
    const type = plain.toString('latin1', at + 156, at + 157);
    if (type === '0' || type === '\0') return plain.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new AppError('invalid', 'the archive holds no file');
}

function gunzipped(bytes: Buffer, most: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: most });
  } catch (error) {
    if (error instanceof RangeError) throw new AppError('too-large', 'the archive holds too much', { cause: error });
    throw new AppError('invalid', 'the archive is damaged', { cause: error });
  }
}
