// What a copied address keeps: the view, the layers that are on, the chosen classes.

/** @typedef {{view: {zoom: number, lat: number, lon: number} | null, layers: string[] | null,
 *   chosen: Record<string, string>, area: string | null}} State */

/**
 * @param {string} hash such as `#map=14.5/54.51/30.42&layers=buildings,streets&choose.x=school`
 * @returns {State}
 */
export function readState(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const view = (given.get("map") ?? "").split("/").map(Number);
  const [zoom, lat, lon] = view;
  const valid = view.length === 3 && view.every(Number.isFinite) && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  const layers = given.get("layers");
  /** @type {Record<string, string>} */
  const chosen = {};
  for (const [name, value] of given) if (name.startsWith("choose.")) chosen[name.slice(7)] = value;
  return {
    view: valid ? { zoom: Math.min(Math.max(zoom, 0), 22), lat, lon } : null,
    layers: layers === null ? null : layers.split(",").filter(Boolean),
    chosen,
    area: given.get("area"),
  };
}

/**
 * @param {{zoom: number, lat: number, lon: number}} view
 * @param {string[]} layers
 * @param {Record<string, string>} chosen
 */
export function writeState(view, layers, chosen) {
  const digits = Math.max(2, Math.ceil(view.zoom / 3));
  const parts = [
    `map=${Number(view.zoom.toFixed(2))}/${view.lat.toFixed(digits)}/${view.lon.toFixed(digits)}`,
    `layers=${layers.map(encodeURIComponent).join(",")}`,
  ];
  for (const [layer, value] of Object.entries(chosen)) {
    if (layers.includes(layer)) parts.push(`choose.${layer}=${encodeURIComponent(value)}`);
  }
  return `#${parts.join("&")}`;
}
