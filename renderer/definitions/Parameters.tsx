import type { ReactElement } from 'react';
import type { Definition } from './live.ts';

/** What a run of it can be told. */
export function Parameters({ parameters }: Pick<Definition, 'parameters'>): ReactElement | null {
  if (parameters.length === 0) return null;
  return (
    <section>
      <h2>Parameters</h2>
      <div className="table-wrap">
        <table>
          <thead><tr><th>Name</th><th>Default</th><th>What for</th></tr></thead>
          <tbody>{parameters.map((each) => <tr key={each.name}><td className="mono">{each.name}</td><td className="mono">{each.value ?? each.default ?? (each.valueFrom ? 'from the cluster' : '')}</td><td className="soft">{[each.description, each.enum && `One of ${each.enum.join(', ')}`].filter(Boolean).join('. ')}</td></tr>)}</tbody>
        </table>
      </div>
    </section>
  );
}
