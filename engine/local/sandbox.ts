/**
 * A root of its own for a process, made of this machine's programs: user, mount and process namespaces where the kernel lets
 * an ordinary user make them. /tmp, volumes and declared paths are the step's own; the machine's programs are read-only.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { FILE } from './runtime.ts';
import type { ContainerPlan, Mount } from './runtime.ts';

/** Folders of the machine that a step sees, read-only. What lies elsewhere (homes, data, sockets) it does not see. */
const SHOWN = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'usr', 'etc', 'opt', 'nix', 'gnu'];
const FRESH = ['tmp', 'root', 'home', 'run', 'var/tmp', 'var/lib', 'var/log', 'var/cache', 'mnt', 'srv', 'proc', 'sys', 'dev'];
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Watches over one container: writes its log, and its exit code once it has ended, whether or not the program that started it
 * is still there. Arguments: the container's folder, the command. The folder among the arguments is how it is known again.
 */
export const SUPERVISE = `_t_dir=$1; shift
[ -e "$_t_dir/shim" ] || echo $$ > "$_t_dir/shim"
trap : TERM INT HUP QUIT
"$@" >> "$_t_dir/${FILE.log}" 2>&1 < /dev/null &
_t_pid=$!
echo $_t_pid > "$_t_dir/${FILE.process}"
while :; do wait $_t_pid; _t_code=$?; kill -0 $_t_pid 2> /dev/null || break; done
echo $_t_code > "$_t_dir/${FILE.exit}"
`;

/** The first process of a container: its folder, then the command; says in a file why it could not begin. */
export const BEGIN = `cd "$1" 2> /dev/null || { echo "no such working directory: $1" > "$2"; exit 128; }
_t_error=$2; shift 2
command -v -- "$1" > /dev/null 2>&1 || { echo "exec: \\"$1\\": executable file not found in \\$PATH" > "$_t_error"; exit 128; }
unset _t_error
exec "$@"
`;

interface Bind {
  source: string;
  target: string;
  readOnly: boolean;
}

/** @returns the folders and links of a new root, and what is bound into it, in order */
function rootPlan(root: string, mounts: readonly Mount[]): Bind[] {
  const binds: Bind[] = [];
  for (const path of FRESH) mkdirSync(join(root, path), { recursive: true });
  for (const path of ['tmp', 'var/tmp']) chmodSync(join(root, path), 0o1777);
  if (!existsSync(join(root, 'var/run'))) symlinkSync('../run', join(root, 'var/run'));
  const targets = mounts.map((mount) => throughLinks(normalize(mount.target)));
  for (const name of SHOWN) {
    const host = `/${name}`;
    if (!existsSync(host)) continue;
    if (!lstatSync(host).isSymbolicLink()) show(root, host, targets, binds);
    else if (!linkExists(join(root, name))) symlinkSync(readlinkSync(host), join(root, name));
  }
  for (const [at, mount] of mounts.entries()) {
    const target = join(root, targets[at] ?? mount.target);
    mountPoint(mount.source, target);
    binds.push({ source: mount.source, target, readOnly: mount.readOnly });
  }
  return binds;
}

function linkExists(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** A path below /bin or the like is one below /usr on most machines. */
function throughLinks(path: string): string {
  const [, first = '', ...rest] = path.split('/');
  return SHOWN.includes(first) && linkExists(`/${first}`) ? normalize(join('/', readlinkSync(`/${first}`), ...rest)) : path;
}

/** Shows a folder of the machine; one that something will be mounted below is built anew of its parts. */
function show(root: string, host: string, targets: readonly string[], binds: Bind[]): void {
  const target = join(root, host);
  if (!targets.some((path) => path.startsWith(`${host}/`) || path === host)) {
    mountPoint(host, target);
    binds.push({ source: host, target, readOnly: true });
    return;
  }
  mkdirSync(target, { recursive: true });
  if (targets.includes(host)) return;
  for (const entry of readdirSync(host, { withFileTypes: true })) {
    const path = join(host, entry.name);
    if (entry.isDirectory()) show(root, path, targets, binds);
    else if (entry.isSymbolicLink()) {
      if (!linkExists(join(root, path))) symlinkSync(readlinkSync(path), join(root, path));
    } else if (entry.isFile() && !targets.includes(path)) {
      mountPoint(path, join(root, path));
      binds.push({ source: path, target: join(root, path), readOnly: true });
    }
  }
}

/** Makes the empty file or folder that is mounted upon. */
function mountPoint(source: string, target: string): void {
  if (existsSync(target)) return;
  if (lstatSync(source).isDirectory()) mkdirSync(target, { recursive: true });
  else {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, '');
  }
}

/** @returns the program and arguments that run the container in namespaces of its own */
export function sandboxCommand(plan: ContainerPlan, command: readonly string[]): string[] {
  const root = join(plan.dir, 'root');
  const dev = join(root, 'dev');
  const binds = rootPlan(root, plan.mounts.filter(({ target }) => !target.startsWith('/dev/')));
  const lines = ['set -e', '[ -e "$1/shim" ] || echo $$ > "$1/shim"'];
  for (const { source, target, readOnly } of binds) {
    lines.push(`mount --rbind ${quote(source)} ${quote(target)}`);
    if (readOnly) lines.push(`mount -o remount,bind,ro ${quote(target)} 2> /dev/null || true`);
  }
  lines.push(`mount -t tmpfs -o mode=755 tmpfs ${quote(dev)}`, `mkdir -m 1777 ${quote(join(dev, 'shm'))}`);
  for (const device of DEVICES) if (existsSync(`/dev/${device}`)) lines.push(`touch ${quote(join(dev, device))}`, `mount --bind /dev/${device} ${quote(join(dev, device))}`);
  lines.push(`ln -s /proc/self/fd ${quote(join(dev, 'fd'))}`);
  for (const [at, name] of ['stdin', 'stdout', 'stderr'].entries()) lines.push(`ln -s /proc/self/fd/${at} ${quote(join(dev, name))}`);
  for (const { source, target } of [...plan.mounts.filter((mount) => mount.target.startsWith('/dev/')), { source: join(plan.dir, FILE.termination), target: plan.terminationPath }]) {
    const place = join(root, normalize(target));
    lines.push(`mkdir -p ${quote(dirname(place))}`, lstatSync(source).isDirectory() ? `mkdir -p ${quote(place)}` : `touch ${quote(place)}`, `mount --rbind ${quote(source)} ${quote(place)}`);
  }
  const workdir = normalize(plan.workingDir ?? '/');
  if (!SHOWN.includes(workdir.split('/')[1] ?? '')) mkdirSync(join(root, workdir), { recursive: true });
  // The supervisor stays outside; its only child is the first process of the new process namespace.
  const first = `mount -t proc proc ${quote(join(root, 'proc'))} 2> /dev/null || mount --rbind /proc ${quote(join(root, 'proc'))}; exec chroot ${quote(root)} /bin/sh -c ${quote(BEGIN)} "$@"`;
  lines.push('_t_dir=$1; shift', `exec unshare --pid /bin/sh -c ${quote(SUPERVISE)} supervise "$_t_dir" /bin/sh -c ${quote(first)} first "$@"`);
  return ['unshare', '--user', '--map-root-user', '--mount', '/bin/sh', '-c', lines.join('\n'), 'setup', plan.dir, 'begin', workdir, `/${START_ERROR}`, ...command];
}

/** Where the first process says why it could not begin, in the container's root. */
export const START_ERROR = '.tiphys-start-error';

/** @returns the program and arguments that run a command in a container that runs */
export function enterCommand(pid: number, root: string, workingDir: string | undefined, command: readonly string[]): string[] {
  return ['nsenter', '--target', String(pid), '--user', '--preserve-credentials', '--mount', '--pid', 'chroot', root, '/bin/sh', '-c', 'cd "$1" && shift && exec "$@"', 'enter', workingDir ?? '/', ...command];
}

/** @returns whether this machine lets us make such namespaces; tries it once, with all it needs */
export function namespacesWork(): boolean {
  if (process.platform !== 'linux') return false;
  const probe = 'mount -t tmpfs tmpfs /mnt && mkdir /mnt/a && mount --rbind /usr /mnt/a && exec unshare --pid /bin/sh -c "chroot / /bin/true & wait \\$!"';
  const result = spawnSync('unshare', ['--user', '--map-root-user', '--mount', '/bin/sh', '-ec', probe], { timeout: 10_000, stdio: 'ignore' });
  return result.status === 0;
}

/** @returns the folder that stands for /tmp where there are no namespaces: one for all containers of a Pod, since each is told paths by others */
export function podTmp({ dir }: ContainerPlan): string {
  return join(dirname(dirname(dirname(dir))), 'tmp');
}

/**
 * Without namespaces a step sees the machine's own file system. Its declared paths (volumes, /tmp, the termination message) are
 * then replaced, in the text of its command and variables, by folders of its own.
 */
export function rewriter(plan: ContainerPlan): (text: string) => string {
  const own: [string, string][] = [...plan.mounts.map((mount): [string, string] => [normalize(mount.target).replace(/\/$/, ''), mount.source]), [plan.terminationPath, join(plan.dir, FILE.termination)]];
  if (!own.some(([target]) => target === '/tmp')) own.push(['/tmp', podTmp(plan)]);
  own.sort(([a], [b]) => b.length - a.length);
  const sources = new Map(own);
  const escaped = own.map(([target]) => target.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`(?<![\\w./-])(${escaped.join('|')})(?![\\w.-])`, 'g');
  return (text) => text.replaceAll(pattern, (found: string) => sources.get(found) ?? found);
}

