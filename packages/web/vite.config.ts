import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { mockApi } from "./mock/plugin.ts";

/** `changeOrigin` stays off: the server compares the Host with the page's Origin before it changes anything. */
const toServer = { target: "http://127.0.0.1:8888", changeOrigin: false };

export default defineConfig(({ mode }) => ({
  plugins: [react(), mode === "mock" && mockApi()],
  // jassub brings a polyfill under the GPL, which we may not pass on. Browsers that need it show ASS as plain text.
  resolve: {
    alias: { "rvfc-polyfill": fileURLToPath(new URL("./src/watch/subtitles/no-polyfill.ts", import.meta.url)) },
  },
  // jassub's worker is a module.
  worker: { format: "es" },
  server: { proxy: mode === "mock" ? {} : { "/api": toServer, "/stream": toServer } },
  build: {
    target: "es2023",
    // The page's Content-Security-Policy allows no inline data.
    assetsInlineLimit: 0,
    modulePreload: false,
    // hls.js is one large chunk, which is loaded when a film is first played whose playlist still grows.
    chunkSizeWarningLimit: 700,
  },
}));
