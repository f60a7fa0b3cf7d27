// Words, numbers and values in the language of the page.

/** @typedef {{name: string, type: string, title: string, unit: string | null, unitSymbol: string,
 *   role: string | null, codes: Record<string, string>}} Field */

/** @type {Record<string, string>} */
let texts = {};
let language = "ru";

/**
 * @param {string} chosen
 * @param {Record<string, string>} given
 */
export function useTexts(chosen, given) {
  language = chosen;
  texts = given;
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  let found = texts[key];
  if (found === undefined) throw new Error(`no text ${key}`);
  for (const [name, value] of Object.entries(values)) found = found.replace(`{${name}}`, String(value));
  return found;
}

/**
 * A number as people write it; years and identifiers are not grouped.
 * @param {number} value
 * @param {boolean} grouped
 */
export function number(value, grouped = true) {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) ? 0 : size >= 10000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  const plain = new Intl.NumberFormat("en", { maximumFractionDigits: digits, useGrouping: grouped }).format(value);
  // The same marks as the server's pages: not every browser knows Belarusian.
  return language === "en" ? plain : plain.replaceAll(",", "\u202f").replace(".", ",");
}

/**
 * A time by the clock in Minsk, which is UTC+3 all year.
 * @param {string} value
 */
function moment(value) {
  const time = new Date(value);
  if (Number.isNaN(time.getTime())) return value;
  const there = new Date(time.getTime() + 3 * 3600 * 1000).toISOString();
  return `${there.slice(0, 10)} ${there.slice(11, 16)} (UTC+3)`;
}

/**
 * A property value as text: title of a code, number with unit, yes or no, time.
 * @param {unknown} value
 * @param {Field} field
 */
export function formatted(value, field) {
  if (value === null || value === undefined || value === "") return t("value.none");
  if (Array.isArray(value)) return value.map((one) => formatted(one, field)).join(", ") || t("value.none");
  if (typeof value === "boolean") return t(value ? "value.true" : "value.false");
  if (typeof value === "number") {
    if (field.unit === "1") return `${number(Math.round(value * 1000) / 10)}\u00a0%`;
    return field.unit ? `${number(value)}\u00a0${field.unitSymbol}` : number(value, false);
  }
  if (field.type === "datetime") return moment(String(value));
  return field.codes[String(value)] ?? String(value);
}
