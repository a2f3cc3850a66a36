export type * from "./api-schemas.ts";
export { type App, createApp } from "./app.ts";
export type { AppOptions, FailureLog } from "./app-options.ts";
export type { MediaInfo } from "./media-info-schema.ts";
export { type Listener, type ListenOptions, listen } from "./node/listen.ts";
export { ListenError, type ListenErrorCode } from "./node/listen-error.ts";
export { type HostPolicy, type HostPolicyOptions, hostPolicy } from "./security/host-policy.ts";
export type * from "./viewing-schemas.ts";
