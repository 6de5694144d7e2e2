/** npm run bench [operate] [large] [layout] [submit] [fanout] [canvas] [typing] [window]: prints figures; all parts when none is named. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect, kubeconfigPath, NO_CLUSTER } from '../cluster/support.ts';
import { benchCanvas } from './canvas.ts';
import { benchFanout } from './fanout.ts';
import { benchLarge } from './large.ts';
import { benchLayout } from './layout.ts';
import { table } from './measure.ts';
import { benchOperate } from './operate.ts';
import { benchSubmit } from './submit.ts';
import { benchTyping } from './typing.ts';
import { benchWindow } from './window.ts';

const PARTS = ['operate', 'large', 'layout', 'submit', 'fanout', 'canvas', 'typing', 'window'];
const named = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const unknown = named.filter((part) => !PARTS.includes(part));
if (unknown.length) {
  console.error(`no benchmark is called ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
  process.exit(2);
}
const wanted = (part: string): boolean => !named.length || named.includes(part);

if (wanted('operate')) benchOperate();
if (wanted('large')) await benchLarge(10_000, 5_000);
if (wanted('layout')) benchLayout();
if (wanted('submit') || wanted('fanout')) {
  const kubeconfig = kubeconfigPath();
  if (kubeconfig === undefined) {
    console.log(`submit, fanout: ${NO_CLUSTER}`);
  } else {
    const cluster = await connect(kubeconfig);
    if (wanted('submit')) await benchSubmit(cluster, 20);
    if (wanted('fanout')) await benchFanout(cluster, kubeconfig, process.argv.includes('--quick') ? [2000] : [1000, 3000]);
    await cluster.close();
  }
}
if (wanted('canvas')) await benchCanvas();
if (wanted('typing')) await benchTyping();
if (wanted('window')) await benchWindow();

const folder = path.resolve(import.meta.dirname, '../../.cache/ci');
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, 'bench.md'), `${table()}\n`);
console.log(`\n${table()}`);
