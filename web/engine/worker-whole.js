// @ts-check
/** The same worker with a loader in its script: at the page's opening there is no time for another trip to the host. */
// @ts-expect-error: the build gives it (vite.config.js)
import createModule from 'convoscope-loader';
import { serveCore } from './serve-core.js';

serveCore(createModule);
