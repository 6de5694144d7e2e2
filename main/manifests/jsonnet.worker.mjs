// Evaluates Jsonnet in a thread of its own, which can be ended when it does not come to an end. Reads files of one folder only.
// Plain JavaScript, since a thread starts without the loader that runs the sources; what it is asked and answers: jsonnet.ts.
import { readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { parentPort } from 'node:worker_threads';

const MEMORY = 256 * 1024 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;

// Compiling it as asm.js takes seconds, running it as plain JavaScript none.
setFlagsFromString('--no-validate-asm');
const loading = import('@rbicker/jsonnet/lib/libjsonnet.js').then(({ default: create }) => new Library(create));

/** libjsonnet 0.12 compiled to JavaScript; its functions by Emscripten's rules. */
class Library {
  constructor(create) {
    const lib = create({ TOTAL_MEMORY: MEMORY, printErr: () => undefined });
    this.lib = lib;
    this.make = lib.cwrap('jsonnet_make', 'number', []);
    this.destroy = lib.cwrap('jsonnet_destroy', null, ['number']);
    this.realloc = lib.cwrap('jsonnet_realloc', 'number', ['number', 'number', 'number']);
    this.setImports = lib.cwrap('jsonnet_import_callback', null, ['number', 'number', 'number']);
    this.setExternal = lib.cwrap('jsonnet_ext_code', null, ['number', 'string', 'string']);
    this.setArgument = lib.cwrap('jsonnet_tla_code', null, ['number', 'string', 'string']);
    this.evaluateSnippet = lib.cwrap('jsonnet_evaluate_snippet', 'number', ['number', 'string', 'string', 'number']);
    this.failed = lib._malloc(4);
    this.onImport = lib.addFunction((_context, base, relative, found, success) => this.import(base, relative, found, success), 'iiiiii');
  }

  /** Answers an import of the evaluation that runs now. @returns a pointer to the text, or to what is wrong */
  import(base, relative, found, success) {
    const { file, root, libraries } = this.request;
    const answer = find(root, [this.lib.UTF8ToString(base) || path.dirname(file), ...libraries], this.lib.UTF8ToString(relative));
    this.lib.setValue(success, answer.error ? 0 : 1, 'i32');
    if (answer.error) return this.put(answer.error);
    this.lib.setValue(found, this.put(answer.file), 'i32');
    return this.put(answer.text);
  }

  /** Copies a text into memory that libjsonnet frees. */
  put(text) {
    const bytes = Buffer.from(`${text}\0`);
    const pointer = this.realloc(this.vm, 0, bytes.length);
    this.lib.HEAPU8.set(bytes, pointer);
    return pointer;
  }

  /** @param {import('./jsonnet.ts').JsonnetRequest} request */
  evaluate(request) {
    const { root, file, externals, args } = request;
    const source = find(root, [path.dirname(file)], path.basename(file));
    if (source.error) throw new Error(source.error);
    this.vm = this.make();
    this.request = request;
    this.setImports(this.vm, this.onImport, 0);
    for (const [name, code] of Object.entries(externals)) this.setExternal(this.vm, name, code);
    for (const [name, code] of Object.entries(args)) this.setArgument(this.vm, name, code);
    const pointer = this.evaluateSnippet(this.vm, source.file, source.text, this.failed);
    const text = this.lib.UTF8ToString(pointer);
    this.realloc(this.vm, pointer, 0);
    this.destroy(this.vm);
    if (this.lib.getValue(this.failed, 'i32') !== 0) throw new Error(text.replaceAll(`${root}${path.sep}`, ''));
    return text;
  }
}

/**
 * Looks through folders in order; what lies outside the root is not there.
 * @returns {{ file: string, text: string, error?: undefined } | { error: string }}
 */
function find(root, folders, relative) {
  for (const folder of folders) {
    let file;
    try {
      file = realpathSync(path.resolve(folder, relative));
    } catch {
      continue;
    }
    const below = path.relative(root, file);
    if (below.startsWith('..') || path.isAbsolute(below)) return { error: `${relative} leads out of the folder` };
    if (statSync(file).size > MOST_BYTES) return { error: `${relative} is larger than 4 MiB` };
    return { file, text: readFileSync(file, 'utf8') };
  }
  return { error: `${relative} is not in the folder` };
}

parentPort.on('message', async (request) => {
  try {
    const library = await loading;
    parentPort.postMessage({ id: request.id, json: library.evaluate(request) });
  } catch (error) {
    parentPort.postMessage({ id: request.id, error: error instanceof Error ? error.message : String(error) });
  }
});
