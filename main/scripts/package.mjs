// npm run package [-- --e2e]: the app as a folder that runs by itself, in dist/. --e2e leaves the one fuse on that
// Playwright needs to drive it; everything else is the same.
import path from 'node:path';
import { ensureDependencies, root } from './ensure.mjs';

ensureDependencies();
const say = (message) => { console.error(`tiphys: ${message}`); };
const e2e = process.argv.includes('--e2e');
const { build } = await import('./build.mjs');
const { ensureElectron } = await import('./electron-runtime.mjs');
try {
  const runtime = await ensureElectron();
  await build();
  const { build: pack } = await import('electron-builder');
  const output = path.join('dist', e2e ? 'e2e' : 'release');
  await pack({
    projectDir: root,
    config: {
      extends: 'electron-builder.yml',
      directories: { output },
      electronDist: runtime.dist,
      electronVersion: runtime.version,
      ...(e2e ? { electronFuses: { enableNodeCliInspectArguments: true } } : {}),
    },
    dir: true,
    publish: 'never',
  });
  console.log(path.join(root, output));
} catch (error) {
  if (!error.errors) say(error.message);
  process.exit(1);
}
