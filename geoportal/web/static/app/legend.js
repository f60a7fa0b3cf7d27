// A legend as the server read it out of the style: groups of a drawn sign and its words.

import { el, svg } from "./dom.js";

/** @typedef {{shape: string, colour?: string, opacity?: number, outline?: string, width?: number,
 *   dash?: number[], radius?: number}} Sign */
/** @typedef {{title: string | null, entries: {label: string, symbol: Sign}[]}} Group */

const WIDTH = 26;
const HEIGHT = 18;

/** @param {Sign} sign */
export function swatch(sign) {
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, class: "swatch", "aria-hidden": "true" };
  return svg("svg", box, drawn(sign));
}

/** @param {Sign} sign */
function drawn(sign) {
  const opacity = sign.opacity ?? 1;
  if (sign.shape === "line") {
    const width = Math.min(Math.max(sign.width ?? 2, 1.5), 6);
    const dash = sign.dash?.map((part) => part * width).join(" ");
    const y = HEIGHT / 2;
    const line = { x1: 1, x2: WIDTH - 1, y1: y, y2: y };
    const casing = sign.outline ? [svg("line", { ...line, stroke: sign.outline, "stroke-width": width + 2 })] : [];
    const core = svg("line", { ...line, stroke: sign.colour, "stroke-width": width, "stroke-dasharray": dash, opacity });
    return svg("g", {}, ...casing, core);
  }
  const edge = { stroke: sign.outline ?? "rgb(0 0 0 / 25%)", "stroke-width": 1.2 };
  if (sign.shape === "point") {
    const r = Math.min(Math.max(sign.radius ?? 5, 4), 7.5);
    return svg("circle", { cx: WIDTH / 2, cy: HEIGHT / 2, r, fill: sign.colour, "fill-opacity": opacity, ...edge });
  }
  const dash = sign.dash ? "3 2" : undefined;
  return svg("rect", { x: 2, y: 2, width: WIDTH - 4, height: HEIGHT - 4, rx: 2, fill: sign.colour, "fill-opacity": opacity, "stroke-dasharray": dash, ...edge });
}

/** @param {Group[]} groups */
export function legendList(groups) {
  return el(
    "div",
    { class: "legend" },
    ...groups.filter((group) => group.entries.length).map((group) =>
      el(
        "div",
        { class: "legend-group" },
        group.title && el("p", { class: "legend-title" }, group.title),
        el(
          "ul",
          {},
          ...group.entries.map((entry) => el("li", {}, swatch(entry.symbol), el("span", {}, entry.label))),
        ),
      ),
    ),
  );
}

/**
 * The sign of a layer that has only one, for its row in the tree.
 * @param {Group[]} groups
 */
export function onlySign(groups) {
  const entries = groups.flatMap((group) => group.entries);
  return entries.length === 1 && !groups[0].title ? entries[0].symbol : null;
}
