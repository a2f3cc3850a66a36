export type { Utp } from "./utp.ts";
export { startUtp, type UtpOptions } from "./utp-transport.ts";
