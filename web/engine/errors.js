// @ts-check

/**
 * What every call of the engine fails with: a word for programs and a sentence for people.
 *
 * Codes of the core: `bad-model`, `unsupported`, `bad-input`, `no-memory`, `io`. Codes of the engine:
 * `unsupported-browser`, `start` (the core could not be started), `fetch`, `cancelled`, `crashed`, `closed`.
 */
export class ConvoscopeError extends Error {
    /**
     * @param {string} code
     * @param {string} message
     * @param {import('./model.js').Unsupported[]} [unsupported] where a network was refused for its operators
     */
    constructor(code, message, unsupported = []) {
        super(message);
        this.name = 'ConvoscopeError';
        this.code = code;
        this.unsupported = unsupported;
    }
}

/** The core is broken and must be thrown away: a WebAssembly trap, or an overflow of its stack. */
export class Trap extends Error {
    /** @param {unknown} cause */
    constructor(cause) {
        super(cause instanceof Error ? cause.message : String(cause));
        this.name = 'Trap';
    }
}

/**
 * The sentence of any error, as {code, message, unsupported}.
 * @param {any} error
 */
export function describeError(error) {
    if (error instanceof ConvoscopeError) {
        const { code, message, unsupported } = error;
        return { code, message, unsupported };
    }
    if (error instanceof RangeError) {
        const message = `The browser has not enough memory for that: use a smaller picture or model (${error.message}).`;
        return { code: 'no-memory', message };
    }
    return { code: 'bad-input', message: String(error?.message ?? error) };
}
