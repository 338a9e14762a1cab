// Numbers as the pages say them.

import { language } from "./texts.js";

/** A number in the language in use. */
export const number = (value) => value.toLocaleString(language());

/** A gap in percent: upwards, since what is said of it is "at most". */
export function atMost(gap) {
  return (Math.max(0, Math.ceil(gap * 100000 - 1e-6)) / 1000).toLocaleString(language(), { maximumFractionDigits: 3 });
}
