export * from "./port-mapping.ts";
