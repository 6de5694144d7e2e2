// npm run build: the programs that run, from the sources, into out/. Rebuilds only when a source changed.
//   out/main/main.cjs, preload.cjs, cli.cjs     the main process, the bridge, the command line
//   out/main/jsonnet.worker.cjs                 the thread that evaluates Jsonnet
//   out/main/looks.worker.cjs                   the thread that large runs are looked at on
//   out/main/renderer-files.json                the files that app://bundle may serve
//   out/renderer/index.html, main.js, main.css  the window; fonts and pictures beside them under /files
//   out/renderer/workers/NAME.worker.js         every renderer/**/NAME.worker.ts, and Monaco's editor.worker.js:
//                                               start them with new Worker('/workers/NAME.worker.js', { type: 'module' })
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, root } from './ensure.mjs';

const SOURCES = ['engine', 'main', 'renderer', 'assets/crds', 'assets/pod', 'package-lock.json'];
const OUT = path.join(root, 'out');
const STAMP = path.join(OUT, 'sources.sha256');

/** The settings that all programs share. Minified always: what is tested is what is shipped. */
const COMMON = {
  absWorkingDir: root, bundle: true, minify: true, keepNames: false, sourcemap: 'linked', sourcesContent: false, legalComments: 'none', logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.ttf': 'file', '.woff': 'file', '.woff2': 'file', '.svg': 'file', '.png': 'file' },
};
// A bundle of ESM sources as CommonJS has no import.meta: files beside the program are found from here.
const NODE = {
  ...COMMON, platform: 'node', format: 'cjs', target: 'node20.18', external: ['electron'], outExtension: { '.js': '.cjs' },
  banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
  define: { ...COMMON.define, 'import.meta.url': 'importMetaUrl' },
};
const WEB = { ...COMMON, platform: 'browser', format: 'esm', target: 'chrome130', assetNames: 'files/[name]-[hash]', conditions: ['style'] };

/**
 * Builds what `parts` name unless it is built from exactly these sources already.
 * @param {{ force?: boolean }} options
 * @returns {Promise<boolean>} whether anything was built
 */
export async function build({ force = false } = {}) {
  const key = sourcesKey();
  if (!force && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === key) return false;
  const start = performance.now();
  const esbuild = await import('esbuild');
  // Built aside and moved into place, so that a running window never meets half a build.
  const work = path.join(root, `node_modules/.cache/build-${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  try {
    await Promise.all([buildMain(esbuild, work), buildRenderer(esbuild, work)]);
    const files = listFiles(path.join(work, 'renderer'));
    writeFileSync(path.join(work, 'main/renderer-files.json'), JSON.stringify(files, null, 1));
    writeFileSync(path.join(work, path.basename(STAMP)), key);
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(path.dirname(OUT), { recursive: true });
    renameSync(work, OUT);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  console.error(`tiphys: built in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return true;
}

async function buildMain(esbuild, work) {
  const files = ['main/main.ts', 'main/cli.ts', 'main/manifests/jsonnet.worker.mjs', 'engine/controller/looks.worker.ts'];
  const entryPoints = Object.fromEntries(files.map((file) => [path.parse(file).name, file]).filter(([, file]) => existsSync(path.join(root, file))));
  await esbuild.build({ ...NODE, entryPoints, outdir: path.join(work, 'main') });
  // The preload script of a sandboxed window knows only `electron`.
  await esbuild.build({ ...NODE, banner: {}, entryPoints: ['main/preload.ts'], outdir: path.join(work, 'main') });
}

async function buildRenderer(esbuild, work) {
  const outdir = path.join(work, 'renderer');
  const workers = listFiles(path.join(root, 'renderer')).filter((file) => /\.worker\.ts$/.test(file));
  const names = workers.map((file) => path.basename(file, '.ts'));
  if (new Set(names).size !== names.length) throw new Error(`two workers with one name: ${names.join(', ')}`);
  await Promise.all([
    esbuild.build({ ...WEB, splitting: true, entryPoints: { main: 'renderer/app/main.tsx' }, chunkNames: 'chunks/[name]-[hash]', jsx: 'automatic', outdir }),
    esbuild.build({
      ...WEB, outdir: path.join(outdir, 'workers'),
      entryPoints: { 'editor.worker': 'monaco-editor/editor/editor.worker', ...Object.fromEntries(workers.map((file, i) => [names[i], `renderer/${file}`])) },
    }),
  ]);
  copyFileSync(path.join(root, 'renderer/app/index.html'), path.join(outdir, 'index.html'));
}

/** @returns the files below a folder, relative to it, with forward slashes, sorted */
function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)).replaceAll(path.sep, '/'))
    .sort();
}

/** Names, sizes and times of all sources, and this script itself: changes when any of them does. */
function sourcesKey() {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const absolute = path.join(root, source);
    if (!existsSync(absolute)) continue;
    const files = statSync(absolute).isDirectory() ? listFiles(absolute).map((file) => path.join(absolute, file)) : [absolute];
    for (const file of files) {
      if (/\.test\.tsx?$/.test(file)) continue;
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensureDependencies();
  try {
    const built = await build({ force: process.argv.includes('--force') });
    if (!built) console.error('tiphys: out/ is up to date');
  } catch (error) {
    if (!error.errors) console.error(`tiphys: ${error.message}`);
    process.exit(1);
  }
}
