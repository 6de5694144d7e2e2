/** The rows of a folder's files: which folders and files are seen, and how deep. */

export interface Row {
  /** Path below the folder; that of a folder has no slash at its end. */
  path: string;
  name: string;
  depth: number;
  folder: boolean;
  /** For a folder: whether what is in it is shown. */
  open: boolean;
}

/**
 * @param paths of the files, sorted
 * @param folded folders that are closed
 * @param wanted whether a file is to be seen; with it every folder on the way to one is open
 * @returns folders before the files beside them
 */
export function rowsOf(paths: readonly string[], folded: ReadonlySet<string>, wanted?: (path: string) => boolean): Row[] {
  const root: Branch = { folders: new Map(), files: [] };
  for (const path of paths) if (wanted?.(path) ?? true) add(root, path);
  const rows: Row[] = [];
  const walk = (branch: Branch, at: string, depth: number): void => {
    for (const [name, inner] of branch.folders) {
      const path = at === '' ? name : `${at}/${name}`;
      const open = wanted !== undefined || !folded.has(path);
      rows.push({ path, name, depth, folder: true, open });
      if (open) walk(inner, path, depth + 1);
    }
    for (const name of branch.files) rows.push({ path: at === '' ? name : `${at}/${name}`, name, depth, folder: false, open: false });
  };
  walk(root, '', 0);
  return rows;
}

interface Branch {
  folders: Map<string, Branch>;
  files: string[];
}

function add(root: Branch, path: string): void {
  const parts = path.split('/');
  const file = parts.pop() ?? '';
  let branch = root;
  for (const part of parts) {
    let next = branch.folders.get(part);
    if (!next) branch.folders.set(part, next = { folders: new Map(), files: [] });
    branch = next;
  }
  branch.files.push(file);
}

/** @returns every folder on the way to a file */
export function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}
