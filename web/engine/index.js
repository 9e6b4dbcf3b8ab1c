// @ts-check
export { Convoscope } from './client.js';
export { ConvoscopeError } from './errors.js';
