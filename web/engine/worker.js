// @ts-check
/** The worker that owns the core. It fetches the loader of whichever module it is asked to start. */
import { serveCore } from './serve-core.js';

serveCore();
