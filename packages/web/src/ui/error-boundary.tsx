import { Component, type ReactNode } from "react";
import { useTexts } from "../i18n/language.tsx";
import controls from "./controls.module.css";
import styles from "./error-boundary.module.css";
import { pageTexts } from "./texts.ts";

/** Shows, in place of what threw while it was drawn, that this is our mistake, and a way on. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? this.props.children : <Broken error={error} />;
  }
}

function Broken({ error }: { readonly error: Error }) {
  const texts = useTexts(pageTexts);
  return (
    <main className={styles["broken"]}>
      <h1>{texts.broken}</h1>
      <p>{error.message}</p>
      <button type="button" className={controls["primary"]} onClick={() => location.reload()}>
        {texts.reload}
      </button>
    </main>
  );
}
