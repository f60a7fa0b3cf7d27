// The panel: area, search, and the layers in a tree by theme with their legends.

import { el, icon, ICONS } from "./dom.js";
import { number, t } from "./i18n.js";
import { badge } from "./identify.js";
import { legendList, onlySign, swatch } from "./legend.js";
import { firstZoom } from "./map.js";

/** @typedef {import("./map.js").Layer} Layer */
/** @typedef {{id: string, title: string, layers: Layer[]}} Theme */
/** @typedef {{id: string, title: string, loaded: boolean, bbox: [number, number, number, number] | null,
 *   center: [number, number], zoom: number}} Area */
/** @typedef {{toggle: (layer: Layer, on: boolean) => void, choose: (layer: Layer, value: string) => void,
 *   zoomTo: (layer: Layer) => void, zoomIn: (layer: Layer) => void, jump: (area: Area) => void, clear: () => void}} Actions */

let counter = 0;

class Row {
  /**
   * @param {Layer} layer
   * @param {Actions} actions
   */
  constructor(layer, actions) {
    this.layer = layer;
    const id = `layer-${++counter}`;
    this.box = el("input", { type: "checkbox", id, onchange: () => actions.toggle(layer, this.box.checked) });
    this.more = el("button", { type: "button", class: "icon-button more", "aria-expanded": "false", "aria-controls": `${id}-detail`, "aria-label": `${t("map.about")}: ${layer.title}`, onclick: () => this.expand(this.detail.hidden) }, icon(ICONS.chevron));
    this.hint = el("button", { type: "button", class: "hint", hidden: true, onclick: () => actions.zoomIn(layer) }, t("map.zoom_hint"));
    this.select = layer.selector && this.#selector(layer, actions, id);
    const sign = onlySign(layer.legend);
    const language = new URLSearchParams(location.search).get("lang");
    this.legend = sign ? null : el("div", { class: "detail", hidden: true }, legendList(layer.legend));
    this.detail = el(
      "div",
      { class: "detail", id: `${id}-detail`, hidden: true },
      el("p", { class: "about" }, layer.description),
      el("p", { class: "about quiet" }, `${layer.supplier} · ${layer.licence} · ${number(layer.rows)} ${t("map.objects")}`),
      el(
        "p",
        { class: "row-links" },
        layer.bbox && el("button", { type: "button", class: "link-button", onclick: () => actions.zoomTo(layer) }, t("map.zoom_to")),
        el("a", { href: layer.url + (language ? `?lang=${language}` : "") }, t("map.about")),
      ),
    );
    this.element = el(
      "li",
      { class: "row", "data-layer": layer.id },
      el(
        "div",
        { class: "row-head" },
        this.box,
        el("label", { for: id }, sign && swatch(sign), el("span", { class: "row-title" }, layer.title)),
        this.more,
      ),
      el("div", { class: "row-badges" }, ...layer.statuses.map(badge), this.hint),
      this.select?.element,
      this.legend,
      this.detail,
    );
  }

  /**
   * @param {Layer} layer
   * @param {Actions} actions
   * @param {string} id
   */
  #selector(layer, actions, id) {
    const selector = /** @type {NonNullable<Layer["selector"]>} */ (layer.selector);
    const select = el("select", { id: `${id}-choice`, onchange: () => actions.choose(layer, select.value) }, ...selector.codes.map((code) => el("option", { value: code.value }, code.title)));
    const element = el("div", { class: "choice", hidden: true }, el("label", { for: `${id}-choice` }, selector.title), select);
    return { element, select };
  }

  /** @param {boolean} open */
  expand(open) {
    this.detail.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
  }

  /** @param {boolean} on */
  set(on) {
    this.box.checked = on;
    this.element.classList.toggle("on", on);
  }

  /** A legend explains what is seen: not before the layer is drawn. @param {number} zoom */
  atZoom(zoom) {
    const on = this.box.checked;
    const drawn = zoom >= firstZoom(this.layer);
    this.hint.hidden = !on || drawn;
    if (this.legend) this.legend.hidden = !on || !drawn;
    if (this.select) this.select.element.hidden = !on || !drawn;
  }

  /** @param {string} words */
  matches(words) {
    const text = [this.layer.title, this.layer.description, ...this.layer.keywords].join(" ").toLowerCase();
    return words.split(/\s+/).every((word) => text.includes(word));
  }
}

export class Panel {
  /**
   * @param {Theme[]} themes
   * @param {Area[]} areas
   * @param {Actions} actions
   */
  constructor(themes, areas, actions) {
    /** @type {Row[]} */
    this.rows = [];
    this.groups = themes.map((theme) => this.#group(theme, actions));
    this.count = el("span", { role: "status" });
    this.only = el("button", { type: "button", class: "link-button", "aria-pressed": "false", onclick: () => this.#showOnly() }, t("map.only_on"));
    this.none = el("p", { class: "quiet", hidden: true }, t("map.search_none"));
    this.search = el("input", { type: "search", id: "layer-search", placeholder: t("map.search"), oninput: () => this.#filter(), autocomplete: "off" });
    this.element = el(
      "aside",
      { class: "panel", id: "panel", "aria-label": t("map.panel") },
      el("div", { class: "panel-top" }, this.#areas(areas, actions), el("label", { for: "layer-search", class: "visually-hidden" }, t("map.search")), this.search),
      el("div", { class: "panel-bar" }, this.count, this.only, el("button", { type: "button", class: "link-button", onclick: actions.clear }, t("map.clear"))),
      el("div", { class: "tree" }, this.none, ...this.groups.map((group) => group.element)),
    );
  }

  /**
   * @param {Theme} theme
   * @param {Actions} actions
   */
  #group(theme, actions) {
    const rows = theme.layers.map((layer) => new Row(layer, actions));
    this.rows.push(...rows);
    const count = el("span", { class: "group-count" });
    const element = el("details", { class: "group", open: true, "data-theme": theme.id }, el("summary", {}, el("span", {}, theme.title), count), el("ul", {}, ...rows.map((row) => row.element)));
    return { element, rows, count };
  }

  /**
   * @param {Area[]} areas
   * @param {Actions} actions
   */
  #areas(areas, actions) {
    const option = (/** @type {Area} */ area) => el("option", { value: area.id }, area.title);
    const [country, ...rest] = areas;
    const loaded = rest.filter((area) => area.loaded);
    const other = rest.filter((area) => !area.loaded);
    const select = el(
      "select",
      {
        id: "area-jump",
        onchange: () => {
          const area = areas.find((one) => one.id === select.value);
          if (area) actions.jump(area);
          select.value = "";
        },
      },
      el("option", { value: "" }, t("map.jump_choose")),
      country && option(country),
      loaded.length > 0 && el("optgroup", { label: t("map.jump_loaded") }, ...loaded.map(option)),
      other.length > 0 && el("optgroup", { label: t("map.jump_other") }, ...other.map(option)),
    );
    return el("div", { class: "jump" }, el("label", { for: "area-jump", class: "visually-hidden" }, t("map.jump")), select);
  }

  /** Leave only the layers that are on: a legend of the map. */
  #showOnly() {
    const only = this.element.classList.toggle("only-on");
    this.only.setAttribute("aria-pressed", String(only));
  }

  #filter() {
    const words = this.search.value.trim().toLowerCase();
    let any = false;
    for (const { element, rows } of this.groups) {
      let some = false;
      for (const row of rows) {
        const fits = !words || row.matches(words);
        row.element.hidden = !fits;
        some ||= fits;
      }
      element.hidden = !some;
      if (words && some) element.open = true;
      any ||= some;
    }
    this.none.hidden = any;
  }

  /**
   * @param {Set<string>} shown
   * @param {Record<string, string>} chosen
   */
  update(shown, chosen) {
    for (const row of this.rows) {
      if (row.box.checked !== shown.has(row.layer.id) || row.element.classList.contains("on") !== row.box.checked) {
        row.set(shown.has(row.layer.id));
      }
      const value = chosen[row.layer.id];
      if (row.select && value) row.select.select.value = value;
    }
    this.count.textContent = t("map.layers_on", { count: shown.size });
    for (const { rows, count } of this.groups) {
      const on = rows.filter((row) => shown.has(row.layer.id)).length;
      count.textContent = `${on}/${rows.length}`;
    }
  }

  /** @param {number} zoom */
  atZoom(zoom) {
    for (const row of this.rows) row.atZoom(zoom);
  }
}
