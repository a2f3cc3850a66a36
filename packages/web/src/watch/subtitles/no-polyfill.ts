/** In place of a polyfill that is not passed on; see vite.config.ts. */
export default undefined;
