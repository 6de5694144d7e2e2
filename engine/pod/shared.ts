/** What all containers of the in-Pod protocol know of each other. */

/** Where the shared volume is mounted in every container that takes part. */
export const SHARED_DIR = '/var/run/tiphys';

/** The variable that names the file where a step writes how far it is, `N/M` in its last line. */
export const PROGRESS_VARIABLE = 'ARGO_PROGRESS_FILE';
/** Set on `wait` where it looks into that file. */
export const FOLLOWS_PROGRESS = 'TIPHYS_PROGRESS';

/** Containers of ours in a Pod: no logs of the user's, no end that counts as the step's own. */
export const HELPERS: ReadonlySet<string> = new Set(['init', 'init-artifacts', 'init-git', 'wait']);
