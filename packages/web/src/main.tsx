import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { LanguageProvider } from "./i18n/language.tsx";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { MessagesProvider } from "./ui/messages.tsx";
import "./ui/page.css";

/** The server is next door and tells what changes: asking again on its own is for the cases where it does not answer. */
const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: 1 } } });

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root.");
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <LanguageProvider>
          <ErrorBoundary>
            <MessagesProvider>
              <App />
            </MessagesProvider>
          </ErrorBoundary>
        </LanguageProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
