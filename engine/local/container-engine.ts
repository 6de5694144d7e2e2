/** Containers of a Docker or Podman on this machine, through its own command. */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../spec/error.ts';
import type { Pod } from '../spec/kubernetes.ts';
import type { ExecResult, LogOptions } from '../kube/port.ts';
import { isMap } from '../kube/store/json.ts';
import { runToEnd } from './processes.ts';
import { FILE } from './runtime.ts';
import type { ContainerPlan, Ended, Runtime } from './runtime.ts';

type Program = 'docker' | 'podman';

const ANSWER_MS = 5000;
const PROBE_IMAGE = 'localhost/tiphys/probe:latest';
const PROBE_MS = 20_000;
const PULL_MS = 10 * 60_000;
/** Holds the network that the containers of a Pod share; only Pods with several at a time need it. */
const NETWORK_IMAGE = 'docker.io/library/busybox:stable';
const LABEL = 'tiphys.pod';

/**
 * @returns the engine asked for, or the first that really runs containers. When none does: why the first that is there does
 * not, or undefined when none is there at all
 */
export async function findContainerEngine(wanted?: Program, networkImage = NETWORK_IMAGE): Promise<{ engine?: Runtime; fault?: string }> {
  let fault: string | undefined;
  for (const program of wanted === undefined ? (['docker', 'podman'] as const) : [wanted]) {
    const version = await serverVersion(program);
    if (version === undefined) continue;
    const broken = await faultOf(program);
    if (broken === undefined) return { engine: new ContainerEngine(program, version, networkImage) };
    fault ??= `${program === 'docker' ? 'Docker' : 'Podman'} is there but starts no containers: ${broken}`;
  }
  return fault === undefined ? {} : { fault };
}

/**
 * Tries to start a container of an empty image: an engine that works finds no program in it (code 127), one that does not fails
 * before. Nothing has to be downloaded for that.
 */
async function faultOf(program: Program): Promise<string | undefined> {
  try {
    const known = await runToEnd([program, 'image', 'inspect', '--format', 'there', PROBE_IMAGE], { timeout: PROBE_MS });
    if (known.exitCode !== 0) await runToEnd([program, 'import', '-', PROBE_IMAGE], { timeout: PROBE_MS, input: Buffer.alloc(1024) });
    const { exitCode, stderr } = await runToEnd([program, 'run', '--rm', '--network', 'none', PROBE_IMAGE, '/none'], { timeout: PROBE_MS });
    return exitCode === 127 ? undefined : (stderr.trim().split('\n').at(-1) ?? `code ${exitCode}`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The command alone is no engine: Docker's may be there with nothing behind it. */
async function serverVersion(program: Program): Promise<string | undefined> {
  const format = program === 'docker' ? ['version', '--format', '{{.Server.Version}}'] : ['info', '--format', '{{.Version.Version}}'];
  try {
    const { exitCode, stdout } = await runToEnd([program, ...format], { timeout: ANSWER_MS });
    const version = stdout.trim();
    return exitCode === 0 && /^\d/.test(version) ? version : undefined;
  } catch {
    return undefined;
  }
}

/** A container's folder is `…/UID/containers/NAME/ATTEMPT`. */
function nameOf(dir: string): string {
  return `tiphys-${basename(dirname(dirname(dirname(dir))))}-${basename(dirname(dir))}-${basename(dir)}`;
}

const networkOf = (uid: string): string => `tiphys-${uid}-network`;

class ContainerEngine implements Runtime {
  readonly kind: Program;
  readonly description: string;
  readonly #networkImage: string;
  /** Pods with a network of their own. */
  readonly #networks = new Set<string>();
  readonly #pulls = new Map<string, Promise<void>>();

  constructor(program: Program, version: string, networkImage: string) {
    this.kind = program;
    this.#networkImage = networkImage;
    this.description = `Steps run as containers of ${program === 'docker' ? 'Docker' : 'Podman'} ${version} on this machine.`;
  }

  async preparePod(pod: Pod): Promise<void> {
    const { uid = '', name = '' } = pod.metadata;
    const together = pod.spec.containers.length + (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always').length;
    if (together < 2) return;
    this.#networks.add(uid);
    const container = networkOf(uid);
    if ((await this.#state(container))?.['Status'] === 'running') return;
    await this.ensureImage(this.#networkImage);
    await this.#run(['rm', '-f', container]);
    await this.#must(['run', '-d', '--name', container, '--label', `${LABEL}=${uid}`, '--hostname', name.slice(0, 63), '--entrypoint', 'sleep', this.#networkImage, '2147483647']);
  }

  ensureImage(image: string, policy = 'IfNotPresent'): Promise<void> {
    const pull = this.#pulls.get(image) ?? this.#pull(image, policy).finally(() => this.#pulls.delete(image));
    this.#pulls.set(image, pull);
    return pull;
  }

  async #pull(image: string, policy: string): Promise<void> {
    if (policy !== 'Always' && (await this.#run(['image', 'inspect', '--format', 'there', image])).exitCode === 0) return;
    if (policy === 'Never') throw new Error(`Container image "${image}" is not present with pull policy of Never`);
    const { exitCode, stderr } = await this.#run(['pull', '--quiet', image], PULL_MS);
    if (exitCode !== 0) throw new Error(`failed to pull image "${image}": ${stderr.trim().split('\n').at(-1) ?? ''}`);
  }

  async start(plan: ContainerPlan): Promise<void> {
    const name = nameOf(plan.dir);
    const networked = this.#networks.has(plan.podUid);
    const user = plan.spec.securityContext?.['runAsUser'];
    const [entrypoint, ...command] = plan.command ?? [];
    const mounts = [...plan.mounts, { source: join(plan.dir, FILE.termination), target: plan.terminationPath, readOnly: false }];
    await this.#must([
      'run', '-d', '--name', name, '--label', `${LABEL}=${plan.podUid}`, '--pull', 'never', '--security-opt', 'label=disable',
      ...(this.kind === 'podman' ? ['--log-driver', 'k8s-file'] : []),
      ...(networked ? ['--network', `container:${networkOf(plan.podUid)}`] : ['--hostname', plan.podName.slice(0, 63)]),
      ...(typeof user === 'number' ? ['--user', String(user)] : []),
      ...(plan.workingDir === undefined ? [] : ['--workdir', plan.workingDir]),
      ...Object.entries(plan.env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...mounts.flatMap(({ source, target, readOnly }) => ['--mount', `type=bind,source=${source},target=${target}${readOnly ? ',readonly' : ''}`]),
      ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
      plan.image, ...command, ...(plan.args ?? []),
    ]);
  }

  async ended(dir: string): Promise<Ended | undefined> {
    const state = await this.#state(nameOf(dir));
    if (!state) {
      const started = statSync(join(dir, FILE.started), { throwIfNoEntry: false })?.mtimeMs ?? 0;
      // Between our mark and the engine's own there is a moment.
      if (Date.now() - started < 2000) return undefined;
      return { exitCode: 137, reason: 'ContainerStatusUnknown', message: `The container is gone: it was removed from ${this.kind}.`, finishedAt: Date.now() };
    }
    const status = state['Status'];
    if (status === 'running' || status === 'paused' || status === 'restarting' || (status === 'created' && state['ExitCode'] === 0)) return undefined;
    const exitCode = typeof state['ExitCode'] === 'number' ? state['ExitCode'] : 137;
    const finishedAt = Date.parse(String(state['FinishedAt'])) || Date.now();
    const reason = state['OOMKilled'] === true ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    return { exitCode, reason, finishedAt };
  }

  async #state(name: string): Promise<Record<string, unknown> | undefined> {
    const { exitCode, stdout } = await this.#run(['container', 'inspect', '--format', '{{json .State}}', name]);
    if (exitCode !== 0) return undefined;
    const state: unknown = JSON.parse(stdout);
    return isMap(state) ? state : undefined;
  }

  async wait(dir: string): Promise<Ended> {
    for (;;) {
      // A wait that fails (the engine was restarted) is no end: what counts is how the container stands.
      await this.#run(['wait', nameOf(dir)], 0);
      const ended = await this.ended(dir);
      if (ended) return ended;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async signal(dir: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#run(['kill', '--signal', signal.slice(3), nameOf(dir)]);
  }

  async *logs(dir: string, options: LogOptions): AsyncIterable<Uint8Array> {
    const args = [
      'logs', ...(options.follow ? ['--follow'] : []), ...(options.timestamps ? ['--timestamps'] : []),
      ...(options.tailLines === undefined ? [] : ['--tail', String(options.tailLines)]), ...(options.sinceTime === undefined ? [] : ['--since', options.sinceTime]), nameOf(dir),
    ];
    // Both streams through one pipe, so that lines come as they were written.
    const child = process.platform === 'win32'
      ? spawn(this.kind, args, { stdio: ['ignore', 'pipe', 'ignore'] })
      : spawn('/bin/sh', ['-c', '"$@" 2>&1', 'logs', this.kind, ...args], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    const stop = () => {
      if (child.pid === undefined || child.exitCode !== null) return;
      try {
        if (process.platform === 'win32') child.kill();
        else process.kill(-child.pid);
      } catch {
        // It has just ended.
      }
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
    try {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        const part = chunk.subarray(0, left);
        left -= part.length;
        if (part.length > 0) yield part;
        if (left <= 0) return;
      }
    } finally {
      options.signal?.removeEventListener('abort', stop);
      stop();
    }
  }

  exec(dir: string, command: string[], signal?: AbortSignal): Promise<ExecResult> {
    return runToEnd([this.kind, 'exec', nameOf(dir), ...command], signal === undefined ? {} : { signal });
  }

  async podEnded(uid: string): Promise<void> {
    if (this.#networks.delete(uid)) await this.#remove([networkOf(uid)]);
  }

  async removePod(uid: string): Promise<void> {
    const { stdout } = await this.#run(['ps', '--all', '--quiet', '--filter', `label=${LABEL}=${uid}`]);
    const ids = stdout.split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.#remove(ids);
    this.#networks.delete(uid);
  }

  /** At once: what is removed here has no more to say. */
  async #remove(containers: string[]): Promise<void> {
    await this.#run(['kill', ...containers]);
    await this.#run(['rm', '-f', ...containers]);
  }

  /** Files that containers made as root can only be removed by such a one. */
  async removeFolder(dir: string): Promise<void> {
    await this.#run(['run', '--rm', '--security-opt', 'label=disable', '--mount', `type=bind,source=${dirname(dir)},target=/pods`, '--entrypoint', 'rm', this.#networkImage, '-rf', `/pods/${basename(dir)}`]);
  }

  #run(args: string[], timeout = 60_000): Promise<ExecResult> {
    return runToEnd([this.kind, ...args], { timeout });
  }

  async #must(args: string[]): Promise<void> {
    const { exitCode, stderr } = await this.#run(args);
    if (exitCode !== 0) throw new AppError('invalid', stderr.trim().split('\n').at(-1) ?? `${this.kind} failed with code ${exitCode}`);
  }
}
