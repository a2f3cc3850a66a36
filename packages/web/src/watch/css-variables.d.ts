import "react";

/** Our own properties may stand in a style, too. */
declare module "react" {
  interface CSSProperties {
    [name: `--${string}`]: string | number | undefined;
  }
}
