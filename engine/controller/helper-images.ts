/** Which of the helpers' possible images serves a cluster: found out by the first Pods, and remembered over restarts. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathSegment } from './files.ts';

export class HelperImages {
  readonly candidates: readonly string[];
  readonly #file: string;
  readonly #failed = new Set<string>();
  readonly #unfit = new Set<string>();
  #works: string | undefined;

  /** @param candidates images in the order in which they are tried; at least one */
  constructor(candidates: readonly string[], dataDir: string, clusterId: string) {
    this.candidates = candidates;
    this.#file = path.join(dataDir, 'images', `${pathSegment(clusterId)}.json`);
    this.#works = candidates.length > 1 ? candidates.find((image) => image === remembered(this.#file)) : undefined;
  }

  /** @returns the image for the next Pod */
  image(): string {
    return this.#works ?? this.next(this.#failed) ?? this.next(new Set()) ?? this.candidates[0] ?? '';
  }

  /** @returns the first image that was not tried and may serve */
  next(tried: ReadonlySet<string>): string | undefined {
    return this.candidates.find((image) => !tried.has(image) && !this.#unfit.has(image));
  }

  /** Nothing is to be learnt from Pods that run. */
  get settled(): boolean {
    return this.#works !== undefined || this.candidates.length < 2;
  }

  /** A helper of this image has run. Throws when that cannot be written down; it is known here all the same. */
  worked(image: string): void {
    if (this.#works === image || !this.candidates.includes(image)) return;
    this.#works = image;
    this.#failed.delete(image);
    mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const draft = `${this.#file}.${process.pid}.tmp`;
    writeFileSync(draft, `${JSON.stringify({ busybox: image })}\n`, { mode: 0o600 });
    renameSync(draft, this.#file);
  }

  /** This image is there but cannot serve. */
  unfit(image: string): void {
    this.#unfit.add(image);
    this.failed(image);
  }

  /** This image could not be had: others come first from now on. */
  failed(image: string): void {
    this.#failed.add(image);
    if (this.#works === image) this.#works = undefined;
  }
}

function remembered(file: string): unknown {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { busybox?: unknown }).busybox;
  } catch {
    return undefined;
  }
}
