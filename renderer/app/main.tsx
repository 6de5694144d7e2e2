import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-600.css';
import '@fontsource/inter/latin-ext-400.css';
import '@fontsource/inter/latin-ext-600.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import 'reactflow/dist/base.css';
import '../ui/tokens.css';
import '../ui/ui.css';
import './app.css';
import '../monitor/monitor.css';
import '../editor/editor.css';
import '../designer/designer.css';
import { Tooltip } from 'radix-ui';
import { createRoot } from 'react-dom/client';
import { Shell } from './Shell.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('bug: index.html has no #root');
createRoot(root).render(<Tooltip.Provider delayDuration={350} skipDelayDuration={200}><Shell /></Tooltip.Provider>);
