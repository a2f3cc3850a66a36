import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../test/support/free-port.ts";
import { startProcess } from "../test/support/processes.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { waitUntil } from "../test/support/wait.ts";

export interface Nginx extends AsyncDisposable {
  readonly url: string;
}

/** nginx with sendfile over a folder: what a machine can do that has nothing else to do. */
export async function startNginx(root: string): Promise<Nginx> {
  const folder = await temporaryFolder("nginx");
  const port = await freePort();
  await writeFile(join(folder.path, "nginx.conf"), configuration(folder.path, root, port));
  const process = startProcess("nginx", ["-p", folder.path, "-c", join(folder.path, "nginx.conf")]);
  const url = `http://127.0.0.1:${port}`;
  await waitUntil("nginx listens", () => fetch(url).catch(() => undefined));
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      await process[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function configuration(folder: string, root: string, port: number): string {
  return `daemon off; user root; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http { access_log off; sendfile on; server { listen 127.0.0.1:${port}; root ${root}; } }
`;
}
