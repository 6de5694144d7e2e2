/** Settings: one versioned JSON file, written whole or not at all. What the window may set is apart from what main keeps. */
import { readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '../../engine/spec/error.ts';
import { readRepository } from '../../engine/spec/repository.ts';
import { writeAtomic } from '../atomic.ts';
import { REPOSITORY_SETTING } from '../engine-settings.ts';
import type { Handlers } from './service.ts';

const VERSION = 1;
const MAX_VALUE = 256 * 1024;
const MAX_KEYS = 500;

const place = z.object({ contextId: z.string(), namespace: z.string() });
const bounds = z.object({ x: z.number().optional(), y: z.number().optional(), width: z.number(), height: z.number(), maximized: z.boolean().optional() });
const fileSchema = z.object({
  version: z.literal(VERSION),
  values: z.record(z.string(), z.json()),
  /** Namespaces in which runs of ours are unfinished: taken up again at the next start. */
  places: z.array(place).catch([]),
  window: bounds.optional().catch(undefined),
});

export type Place = z.infer<typeof place>;
export type WindowBounds = z.infer<typeof bounds>;
type Content = z.infer<typeof fileSchema>;

export class Settings {
  readonly #file: string;
  #content: Content = { version: VERSION, values: {}, places: [] };
  #writing: Promise<void> = Promise.resolve();
  #dirty = false;

  constructor(folder: string, warn: (message: string) => void) {
    this.#file = path.join(folder, 'settings.json');
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return;
    }
    try {
      this.#content = fileSchema.parse(JSON.parse(text));
    } catch {
      const aside = `${this.#file}.unreadable`;
      renameSync(this.#file, aside);
      warn(`the settings could not be read and start afresh; the old file is ${aside}`);
    }
  }

  get places(): readonly Place[] { return this.#content.places; }
  get window(): WindowBounds | undefined { return this.#content.window; }

  /** @returns what the person set under this name, if anything */
  value(key: string): unknown {
    return Object.hasOwn(this.#content.values, key) ? this.#content.values[key] : undefined;
  }

  setPlaces(places: Place[]): Promise<void> {
    this.#content.places = places;
    return this.#save();
  }

  setWindow(window: WindowBounds): Promise<void> {
    this.#content.window = window;
    return this.#save();
  }

  readonly handlers: Handlers<'settings.get' | 'settings.set' | 'settings.repository'> = {
    'settings.get': () => structuredClone(this.#content.values),
    'settings.set': async ({ key, value }) => {
      if (!/^[A-Za-z][\w./-]*$/.test(key) || Object.hasOwn(Object.prototype, key)) throw new AppError('invalid', 'A setting has no such name.');
      if (JSON.stringify(value).length > MAX_VALUE) throw new AppError('too-large', `The setting ${key} is too large.`);
      if (!Object.hasOwn(this.#content.values, key) && Object.keys(this.#content.values).length >= MAX_KEYS) throw new AppError('too-large', 'There are too many settings.');
      if (value === null) delete this.#content.values[key];
      else this.#content.values[key] = value;
      await this.#save();
      return undefined;
    },
    'settings.repository': async ({ contextId, text }) => {
      if (text.trim() !== '') readRepository(text);
      const known = this.value(REPOSITORY_SETTING);
      // Without a prototype: a context may have any name.
      const texts = Object.assign(Object.create(null) as Record<string, string>, typeof known === 'object' ? known : {});
      if (text.trim() === '') delete texts[contextId];
      else texts[contextId] = text;
      this.#content.values[REPOSITORY_SETTING] = texts;
      await this.#save();
      return undefined;
    },
  };

  /** One write at a time; changes made meanwhile go into the next one. */
  #save(): Promise<void> {
    if (this.#dirty) return this.#writing;
    this.#dirty = true;
    this.#writing = this.#writing.catch(() => undefined).then(async () => {
      this.#dirty = false;
      await writeAtomic(this.#file, `${JSON.stringify(this.#content, null, 2)}\n`);
    });
    return this.#writing;
  }
}
