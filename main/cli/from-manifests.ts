/** from-manifests. */
import path from 'node:path';
import type { ManifestNotice } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import { writeAtomic } from '../atomic.ts';
import { generateWorkflow } from '../manifests/generate.ts';
import type { Command } from './command.ts';
import { painter, plain } from './io.ts';
import type { Io } from './io.ts';

export const fromManifests: Command = {
  name: 'from-manifests', operands: 'FOLDER… [options]', count: [1, 100], connects: false,
  summary: 'Makes a workflow that applies the manifests of a folder in order and waits until they are ready.',
  details: [
    'A folder of YAML or JSON (one group for each subfolder), a Helm chart, a Kustomize folder, a Jsonnet or ksonnet application.',
    'Of several folders each is a group. Images, namespaces and the values of the source become parameters of the workflow.',
  ].join('\n'),
  options: {
    file: { type: 'string', short: 'o', argument: 'FILE', help: 'write it there (default: standard output)' },
    name: { type: 'string', argument: 'NAME', help: 'begins the names of the runs (default: the folder\'s name)' },
    value: { type: 'string', multiple: true, argument: 'NAME=VALUE', help: 'a value of the chart, an argument or external variable of Jsonnet' },
    'no-namespaces': { type: 'boolean', help: 'do not create the namespaces that the manifests name' },
  },
  examples: ['tiphys from-manifests kubernetes/ -o deploy.yaml', 'tiphys from-manifests charts/shop --value image.tag=1.4 | tiphys submit -'],
  run: async ({ io, operands, options }) => {
    const name = options.text('name');
    const made = await generateWorkflow(operands.map((folder) => path.resolve(io.cwd, folder)), {
      env: io.env, values: options.pairs('value'), createNamespaces: !options.flag('no-namespaces'), ...(name === undefined ? {} : { name }),
    });
    for (const notice of made.notices) io.err(noticeLines(notice, io));
    if (!made.text) throw new AppError('invalid', 'No workflow was made.', { hint: 'Mend what is marked as an error above.' });
    const file = options.text('file');
    if (file === undefined) io.out(made.text);
    else await writeAtomic(path.resolve(io.cwd, file), made.text, 0o644);
    const objects = made.groups.flatMap(({ rows }) => rows.flatMap((row) => row.objects)).length;
    io.err(`${objects} ${objects === 1 ? 'object' : 'objects'} in ${made.groups.length} ${made.groups.length === 1 ? 'group' : 'groups'}, ${made.parameters.length} ${made.parameters.length === 1 ? 'parameter' : 'parameters'}${file === undefined ? '' : `: ${file}`}\n`);
    return 0;
  },
};

function noticeLines({ severity, place, message, hint }: ManifestNotice, io: Io): string {
  const word = painter(io)(severity === 'error' ? 'red' : 'yellow', severity);
  return `${place ? `${plain(place)}: ` : ''}${word}: ${plain(message)}\n${hint === undefined ? '' : `    ${plain(hint)}\n`}`;
}
