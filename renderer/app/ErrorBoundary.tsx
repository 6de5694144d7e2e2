import { Component } from 'react';
import type { ReactNode } from 'react';
import { Button, ErrorState } from '../ui/parts.tsx';

/** A fault of ours in one view leaves the rest of the window alive. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <ErrorState
        title="This view stopped working" hint="Runs go on; only the picture is broken. Show it again, and report the message if it comes back."
        raw={error.stack ?? error.message} actions={<Button onClick={() => { this.setState({ error: undefined }); }}>Show it again</Button>}
      />
    );
  }
}
