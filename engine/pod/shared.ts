/** What all containers of the in-Pod protocol know of each other. */

/** Where the shared volume is mounted in every container that takes part. */
export const SHARED_DIR = '/var/run/tiphys';

/** Containers of ours in a Pod: no logs of the user's, no end that counts as the step's own. */
export const HELPERS: ReadonlySet<string> = new Set(['init', 'init-artifacts', 'init-git', 'wait']);
