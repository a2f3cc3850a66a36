import type { Language } from "./i18n/language.tsx";

/** Numbers for people. The ones without a language are English. */

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** `1.4 GB`, in German `1,4 GB`; three digits at most. */
export function formatBytes(bytes: number, language: Language = "en"): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${decimal(value, value < 9.95 && unit > 0 ? 1 : 0, language)} ${UNITS[unit]}`;
}

export function formatRate(bytesPerSecond: number, language: Language = "en"): string {
  return `${formatBytes(bytesPerSecond, language)}/s`;
}

/** `8 Mb/s`, `0.6 Mb/s`: how rates of films are told. */
export function formatBitRate(bytesPerSecond: number, language: Language = "en"): string {
  const megabits = (bytesPerSecond * 8) / 1_000_000;
  return `${decimal(megabits, megabits < 9.95 ? 1 : 0, language).replace(/[.,]0$/, "")} Mb/s`;
}

/** Rounded down: 100 % is only what is whole. */
export function formatShare(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.floor((part / whole) * 100)} %`;
}

export function formatSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** `1:02:03`, `2:03`: a place in a film. */
export function formatTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${String(minutes).padStart(2, "0")}:${rest}`;
}

/** `1 peer`, `2 peers`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function decimal(value: number, digits: number, language: Language): string {
  const text = value.toFixed(digits);
  return language === "de" ? text.replace(".", ",") : text;
}
